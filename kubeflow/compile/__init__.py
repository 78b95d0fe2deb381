"""What makes a package on this machine: reads what the cluster looks like, compiles, checks.

What a package and its steps both know, such as names of arguments and folders, is in
`kubeflow.step`, since the step must not load what compiles.
"""
