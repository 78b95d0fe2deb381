"""What talks to Kubeflow Pipelines: its API, `lianxi tfx`, and what came of a run, for people.

It may have a package compiled, and reads what steps report; nothing on the cluster needs it.
"""
