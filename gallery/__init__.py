"""What a person looks at: the page to try the models, and the report of a run.

`page` asks a server, with a form made of the fields that a task declares; `report` writes what a
run left as one HTML file; `drawing` draws what both show.
"""
