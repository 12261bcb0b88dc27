"""The collector ships in a small image: it must start without the model's packages."""

import subprocess
import sys

HEAVY = (
    "kserve",
    "torch",
    "numpy",
    "transformers",
    "fastapi",
    "starlette",
    "mlflow",
    "pandas",
    "onnxruntime",
)


def test_the_whole_collector_starts_without_the_packages_of_models():
    program = (
        "import sys, importlib, pkgutil, model_server.collector as package; "
        "names = [m.name for m in pkgutil.iter_modules(package.__path__) if m.name != '__main__']; "
        "[importlib.import_module(f'{package.__name__}.{name}') for name in names]; "
        f"print([name for name in {HEAVY!r} if name in sys.modules], 'psycopg2' in sys.modules)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "[] True\n"
