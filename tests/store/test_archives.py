"""The store process asks the archives that it is told of, with credentials that only the key opens."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from viewer.archive import ArchiveError, Unreachable, WebArchive, secret
from viewer.archive.origin import authorization
from viewer.store.archives import Archives

ROOT = "http://127.0.0.1:1/dicom-web"


def tell(state: Path, **row: Any) -> None:
    draft = state / "archives.draft"
    draft.write_text(json.dumps([{"name": "second", "location": ROOT, **row}]))
    os.replace(draft, state / "archives.json")


def sent(archives: Archives) -> str | None:
    archive = archives.get("second")
    assert isinstance(archive, WebArchive)
    return archive._origin._authorization


def test_what_is_told_counts_at_once(tmp_path: Path) -> None:
    archives = Archives(tmp_path)
    tell(tmp_path, sealed=secret.sealed(tmp_path, "basic:reader:first"))
    assert sent(archives) == authorization("basic:reader:first")
    tell(tmp_path, sealed=secret.sealed(tmp_path, "basic:reader:second"))
    assert sent(archives) == authorization("basic:reader:second")
    tell(tmp_path, sealed=secret.sealed(tmp_path, "basic:reader:second"), off="It is disabled.")
    with pytest.raises(Unreachable, match=r"isn't asked: It is disabled\."):
        archives.get("second")
    assert not archives.near("second")
    tell(tmp_path, name="third")
    with pytest.raises(ArchiveError, match="isn't configured"):
        archives.get("second")


def test_another_key_opens_nothing_and_the_words_hold_no_secret(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    tell(tmp_path, sealed=secret.sealed(tmp_path / "other", "basic:reader:first"))
    with pytest.raises(Unreachable, match="can't be read") as refused:
        Archives(tmp_path).get("second")
    assert "first" not in str(refused.value)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    token = secret.sealed(tmp_path, "bearer:token")
    assert secret.unsealed(tmp_path, token) == "bearer:token"
    assert (tmp_path / secret.KEY).stat().st_mode & 0o777 == 0o600
    (tmp_path / secret.KEY).chmod(0o644)
    with pytest.raises(secret.Locked):
        secret.unsealed(tmp_path, token)
    with pytest.raises(secret.Locked):
        secret.sealed(tmp_path, "bearer:another")
