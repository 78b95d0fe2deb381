"""Recordings to examples: folders of classes, clips, speech with its transcripts."""
