import pytest

from storage.vault import Vault, VaultError

KEY = bytes(range(32))


def test_what_is_sealed_opens_again_and_never_looks_the_same():
    vault = Vault(KEY)
    first, second = vault.seal("13800138000"), vault.seal("13800138000")
    assert first != second
    assert b"13800138000" not in first
    assert vault.open(first) == vault.open(second) == "13800138000"


def test_another_key_or_a_changed_byte_is_refused():
    sealed = Vault(KEY).seal("张三")
    with pytest.raises(VaultError):
        Vault(bytes(32)).open(sealed)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(VaultError):
            Vault(KEY).open(bytes(changed))


def test_fingerprints_are_equal_for_equal_values_under_one_key_only():
    assert Vault(KEY).fingerprint("a") == Vault(KEY).fingerprint("a")
    assert Vault(KEY).fingerprint("a") != Vault(KEY).fingerprint("b")
    assert Vault(KEY).fingerprint("a") != Vault(bytes(32)).fingerprint("a")


def test_a_short_key_is_refused():
    with pytest.raises(VaultError, match="32 bytes"):
        Vault(b"short")
