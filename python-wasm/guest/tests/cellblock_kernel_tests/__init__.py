"""The kernel's tests. They run inside the sandboxed interpreter itself, against a door that only records.

import cellblock_kernel_tests
cellblock_kernel_tests.run()   # {"passed": 80, "failed": 0, "text": "..."}
"""

import io
import pkgutil
import unittest


def run(pattern=""):
    """Runs the test modules whose name contains `pattern`; returns the counts and unittest's text."""
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if found.name.startswith("test_") and pattern in found.name:
            suite.addTests(loader.loadTestsFromName(f"{__name__}.{found.name}"))
    text = io.StringIO()
    result = unittest.TextTestRunner(stream=text, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    return {"passed": result.testsRun - failed - len(result.skipped), "failed": failed, "text": text.getvalue()}
