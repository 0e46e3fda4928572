"""Every fault that can be ordered: its number in docs/faults.md, what it does, and the details that it takes."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """`details`: name to default, or to a tuple of the texts allowed, whose first is the default."""

    ids: tuple[int, ...]
    about: str
    zh: str
    details: dict = field(default_factory=dict)

    @property
    def defaults(self) -> dict:
        return {key: value[0] if isinstance(value, tuple) else value for key, value in self.details.items()}

    def check(self, name: str, key: str, value) -> None:
        """Raises ValueError for a value that the detail cannot have."""
        wanted = self.details[key]
        if isinstance(wanted, tuple):
            if value not in wanted:
                raise ValueError(f"{key} of {name} is one of {', '.join(wanted)}")
        elif isinstance(wanted, str):
            if not isinstance(value, str):
                raise ValueError(f"{key} of {name} is a text")
        elif key in _SIGNED:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{key} of {name} is a number")
        elif value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{key} of {name} is a number, 0 or more")


_SIGNED = {"shift", "by"}
_VERDICTS = (
    "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "human", "fax", "unknown",
)  # fmt: skip

FAULTS: dict[str, Kind] = {
    # placing a call
    "create-lost-response": Kind(
        (1,), "the call is placed, the answer never arrives (real seconds held)", "呼叫已发起，应答丢失", {"hold": 30.0}
    ),
    "create-500-after": Kind((2,), "the call is placed, the answer is 500", "呼叫已发起，应答为 500"),
    "create-500-before": Kind((3,), "no call is placed, the answer is 500", "呼叫未发起，应答为 500"),
    "create-429": Kind((4,), "no call is placed, the answer is 429", "呼叫未发起，应答为 429", {"retry_after": None}),
    "create-503": Kind((5,), "no call is placed, the answer is 503 with an HTML body", "呼叫未发起，应答为 503 网页"),
    "create-reset": Kind((5,), "no call is placed, the connection is broken off", "呼叫未发起，连接被中断"),
    "create-slow": Kind(
        (6,), "the call is placed, the answer comes late (real seconds)", "呼叫已发起，应答迟到", {"seconds": 5.0}
    ),
    "create-401": Kind((7,), "no call is placed, the credentials are refused", "呼叫未发起，凭据被拒"),
    "create-refused": Kind(
        (8, 9, 10), "no call is placed, the answer is 400 with that code", "呼叫被拒绝，返回指定错误码", {"code": 21215}
    ),
    "create-problem-json": Kind(
        (11,), "no call is placed, the error has a body as in RFC 9457", "呼叫被拒绝，错误体为 RFC 9457 格式"
    ),
    "list-429": Kind((12,), "a list of calls is refused with 429", "查询呼叫列表时返回 429"),
    # its course
    "stays-queued": Kind(
        (13,),
        "the call stays queued (simulated seconds), then it is canceled unheard",
        "一直排队，最后被取消",
        {"seconds": 14400.0},
    ),
    "ends-unreached": Kind(
        (14, 74),
        "nobody is reached, whoever lives there",
        "无法接通",
        {"status": ("busy", "no-answer", "failed", "canceled"), "sip": 486},
    ),
    "instant-hangup": Kind((15,), "answered and gone at once: completed with CallDuration 0", "接通后立即挂断"),
    "equal-timestamps": Kind(
        (16,), "the last callback has the Timestamp of the ringing", "终止通知与振铃通知的时间戳相同"
    ),
    "fails-in-progress": Kind(
        (17,),
        "the call fails in mid-conversation (simulated seconds after the answer)",
        "通话中途失败",
        {"seconds": 10.0},
    ),
    "time-limit": Kind(
        (18,), "the call is cut off after so many simulated seconds", "通话到时限被切断", {"seconds": 30.0}
    ),
    "update-too-late": Kind((20,), "the call ends just before it is changed: 21220", "修改呼叫时通话刚好结束：21220"),
    "stale-call": Kind(
        (21,),
        "a call fetched soon after a change is shown as before (simulated seconds)",
        "查询到的呼叫状态是旧的",
        {"seconds": 5.0},
    ),
    # callbacks
    "callback-duplicate": Kind(
        (22,), "a status callback is sent twice; `fresh` 1 with another Timestamp", "状态通知重复发送", {"fresh": 0}
    ),
    "callback-reorder": Kind(
        (23,), "a status callback is held back until the next one of the call has been sent", "状态通知顺序颠倒"
    ),
    "callback-drop": Kind((24,), "a status callback is never sent", "状态通知丢失"),
    "callback-retried": Kind(
        (25,),
        "the answer to a callback is taken for a failed connection: sent again, same token",
        "通知因连接失败而重发",
    ),
    "callback-late": Kind(
        (26,), "a status callback is sent late (simulated seconds)", "状态通知迟到", {"seconds": 120.0}
    ),
    "callback-before-response": Kind(
        (27,),
        "the first callbacks arrive before the answer to the create (real seconds)",
        "通知先于发起呼叫的应答到达",
        {"seconds": 0.5},
    ),
    "sequence-gap": Kind((28,), "SequenceNumber leaves numbers out", "通知序号有间隙", {"by": 2}),
    "callback-odd-fields": Kind(
        (29,), "optional fields are missing or blank, unknown ones are there", "通知缺少可选字段，并带有未知字段"
    ),
    "callback-foreign": Kind(
        (30,),
        "before the callback one comes for a call, or an account, that nobody knows",
        "先收到陌生呼叫或账户的通知",
        {"of": ("call", "account")},
    ),
    # signatures
    "callback-unsigned": Kind((31,), "a callback is signed with a wrong token", "通知签名所用令牌错误"),
    "callback-no-signature": Kind((32,), "a callback carries no signature", "通知没有签名"),
    "signature-of-other-url": Kind(
        (33,),
        "a request is signed for another form of its address",
        "签名针对地址的另一种写法",
        {"form": ("port", "scheme", "host")},
    ),
    "callback-tampered": Kind((34,), "a parameter is changed after signing", "签名之后参数被改动"),
    "callback-old-token": Kind((35,), "a callback is signed with the second token", "通知以旧令牌签名"),
    "callback-replayed": Kind(
        (36,),
        "the same request comes once more, with its signature (simulated seconds later)",
        "旧通知被重放",
        {"seconds": 600.0},
    ),
    "callback-doubled-parameter": Kind((37,), "a parameter stands there twice", "参数重复出现"),
    "callback-get": Kind((39,), "a callback comes by GET", "通知以 GET 方式到达"),
    "callback-json": Kind((40,), "a callback comes as JSON with bodySHA256", "通知以 JSON 方式到达"),
    "callback-sha256": Kind((41,), "a callback is signed by HMAC-SHA256 and says so", "通知以 HMAC-SHA256 签名"),
    # documents
    "fetch-timeout": Kind((42,), "the application's answer counts as too late: 11200", "获取文档超时"),
    "fetch-5xx": Kind((43,), "the application's answer counts as a 5xx: 11200", "获取文档返回 5xx"),
    "fetch-and-fallback-fail": Kind(
        (44,), "document and fallback cannot be fetched: an apology, and the end", "文档与备用地址均失败"
    ),
    "document-garbled": Kind(
        (45,),
        "the document arrives spoilt",
        "文档损坏",
        {"form": ("malformed", "blank-line", "content-type", "plain-text", "empty")},
    ),
    "document-too-large": Kind((46,), "the document counts as larger than 64 kB: 11750", "文档超过 64 kB"),
    "fetch-redirected": Kind(
        (47,),
        "the address of an action moves: asked again by GET without what was posted",
        "动作地址被重定向，按键丢失",
        {"hops": 1},
    ),
    "document-unknown-verb": Kind(
        (48,), "an unknown verb stands before the others: 12200, a warning", "文档含未知指令"
    ),
    # speech and keys
    "no-input": Kind((51,), "the callee answers nothing", "客户无应答"),
    "partial-digits": Kind((52,), "the callee presses too few keys", "按键不全", {"digits": "1"}),
    "finish-key-first": Kind((53,), "the callee presses the finishing key and nothing else", "只按结束键"),
    "barge-in": Kind((54,), "the callee presses a key during the prompt", "提示音未完即按键", {"digits": "1"}),
    "low-confidence": Kind(
        (55,), "the words are recognised with little confidence", "识别置信度低", {"confidence": 0.2}
    ),
    "no-confidence": Kind((55,), "no Confidence is given", "没有置信度"),
    "empty-speech": Kind((55,), "speech is heard and nothing recognised", "有语音但无识别结果"),
    "wrong-words": Kind((55,), "other words are recognised", "识别成别的话", {"words": "今天天气不错"}),
    "both-inputs": Kind((56,), "words and a key arrive in one request", "同时收到语音与按键", {"digits": "1"}),
    "hangup-in-gather": Kind((57,), "the callee hangs up while asked", "提问时挂断"),
    "hangup-in-record": Kind((57,), "the callee hangs up while recorded by <Record>: Digits=hangup", "录音指令中挂断"),
    # machine detection
    "machine-verdict": Kind(
        (58, 59, 61), "the verdict is that one, whoever answered", "机器检测给出指定结论", {"answered_by": _VERDICTS}
    ),
    "machine-unknown": Kind(
        (60,), "unknown, after the whole time-out: in silence where it is synchronous", "检测超时，结论不明"
    ),
    "machine-verdict-late": Kind(
        (62, 63), "the verdict falls late (simulated seconds), also after the end", "检测结论迟到", {"seconds": 60.0}
    ),
    "machine-verdict-never": Kind((62,), "no verdict is ever told", "检测结论始终不来"),
    # recordings
    "recording-before-call": Kind(
        (64,), "the recording's callback comes before the call's completed", "录音通知先于通话结束通知"
    ),
    "recording-late": Kind(
        (26, 64), "a recording completes late (simulated seconds)", "录音迟迟不完成", {"seconds": 600.0}
    ),
    "media-404": Kind(
        (65,),
        "the media of a completed recording is not there yet (simulated seconds; none: for ever)",
        "录音文件暂时取不到",
        {"seconds": None},
    ),
    "recording-absent": Kind((66,), "a recording ends as absent", "录音缺失", {"error_code": 16102}),
    "recording-callback-drop": Kind((67,), "the callback of a recording is never sent", "录音通知丢失"),
    "media-mono": Kind((68,), "two channels are refused: 400", "双声道请求被拒绝"),
    "media-damaged": Kind(
        (69,), "the media is cut short, empty, or a page", "录音文件损坏", {"form": ("truncated", "empty", "page")}
    ),
    "media-401": Kind((70,), "the media is refused: 401", "录音文件拒绝访问"),
    "delete-refused": Kind((71,), "a completed recording cannot be deleted: 400", "录音不允许删除"),
    "recording-twice": Kind((72,), "a second recording of the same call is made", "同一通话出现两份录音"),
    "recording-length-off": Kind(
        (73,), "a recording states so many seconds more than its call lasted", "录音时长与通话不符", {"by": 7}
    ),
    # agents and conferences
    "callee-leaves": Kind(
        (75, 77), "whoever answered hangs up after so many simulated seconds", "接听者提前挂断", {"seconds": 20.0}
    ),
    "conference-callback-reorder": Kind(
        (76,), "a callback of a conference is held back until its next one has been sent", "会议通知顺序颠倒"
    ),
    "conference-callback-drop": Kind((76,), "a callback of a conference is never sent", "会议通知丢失"),
    # time
    "clock-skew": Kind((80,), "the Timestamp of a callback is off (seconds)", "通知时间戳有偏差", {"shift": -3600}),
}
