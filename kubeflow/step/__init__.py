"""What runs in a container on the cluster: the steps of a package, and their files and stores.

A module belongs here if the image runs it, even where compiling reads its names too. It imports
neither of the other rooms: they load YAML, TFX's compilers and a client that no step needs.
"""
