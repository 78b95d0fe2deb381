"""seq2seq_chatbot: makes sample data, in the layout of the real one."""
