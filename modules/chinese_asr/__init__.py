"""chinese_asr: Mandarin speech to text."""
