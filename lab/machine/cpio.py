# SPDX-License-Identifier: MIT
"""Writes initramfs archives (cpio, format newc).  Everything belongs to root.

The kernel unpacks archives that simply follow each other; a later one may
replace files of an earlier one, provided that each starts on a 4-byte boundary.

    python3 -m machine.cpio DIRECTORY > archive
"""

import os
import stat
import sys


class Archive:
    def __init__(self, stream):
        self._stream = stream
        self._inode = 0
        self._directories = {""}

    def _entry(self, name, mode, data=b"", rdev=(0, 0)):
        self._inode += 1
        raw = name.encode() + b"\0"
        head = "070701" + "".join("%08x" % v for v in (
            self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(raw), 0))
        self._write(head.encode() + raw)
        self._write(data)

    def _write(self, data):
        self._stream.write(data + b"\0" * (-len(data) % 4))

    def directory(self, path):
        """Adds a directory and the ones above it, unless they are there."""
        path = path.strip("/")
        if path in self._directories:
            return
        self.directory(os.path.dirname(path))
        self._directories.add(path)
        self._entry(path, stat.S_IFDIR | 0o755)

    def file(self, path, data, mode=0o644):
        path = path.strip("/")
        self.directory(os.path.dirname(path))
        self._entry(path, stat.S_IFREG | mode, data)

    def symlink(self, path, target):
        path = path.strip("/")
        self.directory(os.path.dirname(path))
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor):
        path = path.strip("/")
        self.directory(os.path.dirname(path))
        self._entry(path, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def add(self, source, path):
        """Adds a file, a symbolic link or a whole directory of the build machine."""
        if os.path.islink(source):
            self.symlink(path, os.readlink(source))
        elif os.path.isdir(source):
            self.directory(path)
            for name in sorted(os.listdir(source)):
                self.add(os.path.join(source, name), os.path.join(path, name))
        else:
            with open(source, "rb") as f:
                mode = 0o755 if os.fstat(f.fileno()).st_mode & 0o100 else 0o644
                self.file(path, f.read(), mode)

    def close(self):
        self._entry("TRAILER!!!", 0)


def main():
    archive = Archive(sys.stdout.buffer)
    # The kernel opens it for process 1 before anything can mount devtmpfs.
    archive.character_device("dev/console", 5, 1)
    archive.add(sys.argv[1], "")
    archive.close()


if __name__ == "__main__":
    main()
