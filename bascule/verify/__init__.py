"""The verification matrix: what the real site answers, compared with what it is expected to."""
