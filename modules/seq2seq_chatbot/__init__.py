"""seq2seq_chatbot: a line of dialogue to a reply."""
