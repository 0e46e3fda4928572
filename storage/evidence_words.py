"""What an evidence pack says of itself, for those who read it in twenty years."""

README = """# 证据包 · Evidence pack

通话 / call: {call}
台账 / ledger: {name}

## 说明

本证据包保存一通新契约回访电话的全部凭据，按 BagIt（RFC 8493）组织，由台账密钥封签。

| 文件 | 内容 |
|---|---|
| `recording/*` | 录音原声；`.stored` 为存档桶中锁定保存的加密原件，`recordings.json` 载有其密钥、摘要、版本号与存储系统当时答复的锁定期 |
| `call.json`, `answers.json` | 通话经过；每项问答、作答方式及自接通起的毫秒数（答复记录的时刻） |
| `item_proofs.json` | 逐项凭据：话术版本、规则编号、问与答在录音中的毫秒位置及误差（`within_ms`）、答复、作答方式、把握程度、作答人与记录人 |
| `script.json`, `rule_profiles.json` | 通话所用话术全文；所依据的全部规则参数 |
| `decisions.json` | 回访结论及逐步推理 |
| `custody.json`, `access.json`, `recording_states.json` | 录音的保管经过；何人何时凭何权限调听 |
| `ledger/lines.jsonl`, `ledger/events.jsonl` | 台账记录与事件，各附其在默克尔树中的证明 |
| `ledger/checkpoint.note` | 台账检查点，以 Ed25519 与 ML-DSA-65 双重签名 |
| `ledger/timestamps/*` | 检查点的 RFC 3161 时间戳（如已设时间戳机构）：`N.txt` 为被盖戳的文本，`N.tsr` 为机构的答复 |

核验只需本包、公钥与一个文件 `verify_pack.py`（Python 3.11、cryptography）：

    python verify_pack.py 本包文件夹 --key 公钥文件

公钥须向保险公司或监管机构另行取得；本包不含公钥，亦不应采信随包附送的公钥。任何一个字节的改动，或文件的增、删、改名、
调换，都会使核验不通过。核验证明：包内文件与封签时一致；录音即存档中锁定的那一份；台账所记事件在检查点签署前即已写入。

## In English

This pack holds everything that proves one callback to a new policyholder, as a BagIt folder (RFC 8493) sealed by the keys
of the ledger.

| file | what it is |
|---|---|
| `recording/*` | the sound as received; `.stored` is the encrypted object as it lies locked in the archive, `recordings.json` holds its key, digests, version and what the store answered of its lock |
| `call.json`, `answers.json` | the course of the call; each answer, how it was given, and the milliseconds from the answering of the call until it was taken down |
| `item_proofs.json` | item by item: the version of the script, the rule, where in the recording it was asked and answered in milliseconds, give or take `within_ms`, the answer, how it was given, how sure the recognition was, who spoke and who took it down |
| `script.json`, `rule_profiles.json` | the whole text of the script that was used; every value of the rules that were in force |
| `decisions.json` | what was concluded, step by step |
| `custody.json`, `access.json`, `recording_states.json` | what became of the recording; who heard it, when, and by what right |
| `ledger/lines.jsonl`, `ledger/events.jsonl` | ledger lines and events, each with the proof of its place in a Merkle tree (RFC 6962) |
| `ledger/checkpoint.note` | the checkpoint that they lead to (C2SP tlog-checkpoint), signed with Ed25519 and ML-DSA-65 |
| `ledger/timestamps/*` | time stamps of the checkpoint (RFC 3161) where an authority is configured: `N.txt` was stamped, `N.tsr` is the answer |

To verify it takes this pack, the public keys and one file, `verify_pack.py` (Python 3.11, cryptography):

    python verify_pack.py THIS_FOLDER --key PUBLIC_KEYS

Get the public keys from the insurer or its regulator by another way: the pack holds none, and one that comes with it must
not be believed. A change of any single byte, a file added, taken away, renamed or exchanged makes it fail. It proves that
the files are those that were sealed, that the recording is the one locked in the archive, and that the events had been
written on the ledger before the checkpoint was signed.

    openssl ts -verify -in N.tsr -data N.txt -CAfile AUTHORITY.pem
"""
