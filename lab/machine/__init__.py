# SPDX-License-Identifier: MIT
"""Boots a guest in an emulated s390x machine and brings its results back."""
