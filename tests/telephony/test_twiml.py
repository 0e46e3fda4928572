import xml.etree.ElementTree as ET

from telephony.twiml import ask, close


def test_a_question_listens_for_keys_and_speech_and_reports_silence_too():
    root = ET.fromstring(
        ask(
            ["您好"],
            action="http://x/voice/1?turn=2",
            keys=True,
            speech=True,
            num_digits=1,
            timeout=6,
            finish_on_key="",
        )
    )
    gather = root.find("Gather")
    assert gather.attrib["input"] == "dtmf speech"
    assert gather.attrib["action"] == "http://x/voice/1?turn=2"
    assert gather.attrib["actionOnEmptyResult"] == "true"
    assert gather.attrib["language"] == "cmn-Hans-CN"
    assert gather.attrib["finishOnKey"] == ""
    assert gather.find("Say").text == "您好"
    assert gather.find("Say").attrib["language"] == "cmn-CN"


def test_a_document_is_well_formed_whatever_a_policy_is_called():
    root = ET.fromstring(close(["a\x0b<b>&\ufffe"]))
    assert root.find("Say").text == "a<b>&"
    assert root.find("Hangup") is not None
