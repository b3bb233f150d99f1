"""What `make gpu-check` does: every path that computes on a GPU, beside the same on the CPU.

``python -m tests.gpu`` looks for CUDA, and says why where there is none. ``--device cpu`` runs the
very same steps with the CPU in the place of the GPU: a check of the check.
"""
