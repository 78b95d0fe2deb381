"""Example generation: one TFX component for each layout of raw data.

`base` holds what all share: the layout check, quarantine, splits and counts. A modality adds a
module with a component and a reader, which turns one file into records and rejects.
"""
