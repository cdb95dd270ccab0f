"""The compiled twins (docs/decisions/0027): built where there is a compiler, done without where there is none."""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

twins = [
    Extension(
        path.with_suffix("").relative_to("src").as_posix().replace("/", "."),
        [path.as_posix()],
        extra_compile_args=["-O2", "-g0", "-Wno-pointer-sign"],
        optional=True,
    )
    for path in sorted(Path("src").rglob("*.pyx"))
]
setup(ext_modules=cythonize(twins, quiet=True))
