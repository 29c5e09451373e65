"""The demo's presenter: drawn and moved by these files, and nobody's likeness.

`python -m assets.presenter assets/presenter.mp4` makes the clip again.
"""
