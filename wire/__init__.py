"""What crosses between processes: messages, codecs, every key name. `docs/formats.md` describes them."""
