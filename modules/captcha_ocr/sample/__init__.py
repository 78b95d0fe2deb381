"""captcha_ocr: makes sample data, in the layout of the real one."""
