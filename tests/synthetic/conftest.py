"""One small pretend hospital for all tests of this folder."""

from __future__ import annotations

import pytest

from imagebank.synthetic import Hospital, build_hospital


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    return build_hospital(tmp_path_factory.mktemp("pretend") / "hospital", patients=3)
