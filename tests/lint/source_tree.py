"""The C++ files of a source tree, and what each of them includes."""

import pathlib
import re

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
SUFFIXES = {".cpp", ".hpp"}


def cpp_files(root):
    """All C++ files below include, src and tests, as paths relative to `root`."""
    return sorted(
        path.relative_to(root)
        for top in ("include", "src", "tests")
        for path in (root / top).rglob("*")
        if path.suffix in SUFFIXES
    )


def includes(root, file):
    """What `file` includes, as (line number, text between the brackets)."""
    text = (root / file).read_text()
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in INCLUDE.finditer(text)]


def resolve(root, file, included):
    """The project's file that an include names, relative to `root`; None for a library's."""
    for base in (pathlib.Path("src"), pathlib.Path("include"), pathlib.Path("tests"), file.parent):
        if (root / base / included).is_file():
            return base / included
    return None


def dependencies(root, file):
    """`file` and every project file that it includes, directly or not."""
    seen, to_visit = set(), [pathlib.Path(file)]
    while to_visit:
        current = to_visit.pop()
        if current in seen:
            continue
        seen.add(current)
        found = (resolve(root, current, included) for _, included in includes(root, current))
        to_visit += [dependency for dependency in found if dependency]
    return sorted(seen)
