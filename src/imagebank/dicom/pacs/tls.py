"""TLS for associations and web services: the settings of a source as a context of the standard library."""

from __future__ import annotations

import ssl
from pathlib import Path

from imagebank.core.errors import ConfigError


def client_context(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """For a connection that we open: the peer's certificate and name are checked. Raises ConfigError."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise _unusable() from None
    return context


def server_context(ca_file: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """For connections that peers open: with an authority, each peer must show a certificate. Raises ConfigError."""
    if certificate is None:
        raise ConfigError(
            "bank.toml asks for TLS, but names no certificate of ours.", "set certificate_file and key_file"
        )
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
        if ca_file:
            context.load_verify_locations(cafile=str(ca_file))
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError):
        raise _unusable() from None
    return context


def _unusable() -> ConfigError:
    return ConfigError(
        "A certificate, key or authority that bank.toml names cannot be used.",
        "check ca_file, certificate_file and key_file: PEM files that this user may read, and that belong together",
    )
