"""id_number_ocr: a strip with an 18-character identity number, to the number."""
