"""captcha_ocr: a captcha to its text."""
