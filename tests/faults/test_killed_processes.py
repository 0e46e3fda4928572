"""SIGKILL of our own processes in the middle of `huifang run`: the process of the flows, and the desk."""

import time


def test_flow_process_and_desk_killed_in_mid_call(a_day):
    day = a_day(22, seed=11, HUIFANG_TWILIO_CONCURRENT="3")
    time_passes, run = day.passing(), day.run()

    # the flows: while people talk, and while recordings are claimed
    claims = "SELECT id FROM recordings WHERE state = 'REPORTED' AND tries > 0"
    day.until(lambda: day.talking(1) and day.sql(claims), "people talking and a recording claimed", run)
    run.kill()
    run.communicate()
    claimed = [row["id"] for row in day.sql(claims)]
    assert claimed
    attempts = day.one("SELECT count(*) FROM calls")
    time.sleep(1)
    assert day.one("SELECT count(*) FROM calls") == attempts, "the dialler outlived its process"
    run = day.run()

    # the desk: whoever is talking hears the carrier's apology, and nobody takes the news of the call's end
    cut_off = day.until(day.talking, "two people talking to the desk", run)
    day.installation.kill("desk")
    assert day.installation.doctor()["desk"]["fix"] == "huifang up"
    day.installation.up()

    figures = day.check_end(run)
    assert figures["dials"] > attempts, "the second process did not go on dialling"
    assert day.one("SELECT count(*) FROM recordings WHERE id = ANY(%s) AND state = 'CLEARED'", claimed) == len(claimed)
    answered = "SELECT count(*) FROM calls WHERE id = ANY(%s) AND answered_at IS NOT NULL AND result IS NOT NULL"
    assert day.one(answered, cut_off) == len(cut_off)
    day.check_recordings_are_kept()
    assert time_passes.wait(30) == 0
