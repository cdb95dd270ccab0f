"""Build the compiled twins (docs/decisions/0027) where there is a compiler, and do without them where there is none."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

SOURCES = sorted(Path("src").rglob("*.pyx"))
TWINS = cythonize(
    [
        Extension(
            ".".join(source.with_suffix("").relative_to("src").parts),
            [source.as_posix()],
            extra_compile_args=["-O2", "-g0", "-Wno-pointer-sign"],
        )
        for source in SOURCES
    ],
    build_dir="build/twins",
    include_path=["src"],
    quiet=True,
)
for each in TWINS:
    each.optional = True

setup(ext_modules=TWINS)
