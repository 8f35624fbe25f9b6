"""Installation of DicMT. The version ranges are around the versions that the tests run with."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
VERSION = re.search(
    r'^__version__ = "(.+)"$', (ROOT / "modeling_dicmt" / "__init__.py").read_text(encoding="utf-8"), re.MULTILINE
)[1]
TENSORBOARD = "tensorboard>=2.20,<3"
# What DicMT is compared with, and plots.
SPACY = ["spacy>=3.8,<4"]
COMPARISONS = ["matplotlib>=3.9,<4", "python-crfsuite>=0.9.11,<0.10", *SPACY]
RAY = ["ray>=2.60,<3"]
DOCS = ["furo>=2025.9", "myst-parser>=4,<6", "sphinx>=8.1,<10"]
APP = ["fastapi>=0.165", "gradio>=6.31,<7"]  # an older FastAPI bounds no body
ONNX = ["onnx>=1.19,<2", "onnxruntime>=1.23,<2"]


class BuildWithCardTemplate(build_py):
    """Puts the model card's template, which lies at the repository's root, into the package."""

    def run(self):
        super().run()
        if not self.editable_mode:
            shutil.copyfile(ROOT / "model_card.md", Path(self.build_lib) / "modeling_dicmt" / "model_card.md")


setup(
    name="dicmt",
    version=VERSION,
    description="Recognition of medical entities in Chinese clinical records",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    keywords="named entity recognition, clinical, medical, Chinese, CRF, dictionary, transformers",
    python_requires=">=3.10",
    packages=find_packages(include=["modeling_dicmt", "modeling_dicmt.*", "data_scripts", "data_scripts.*"]),
    py_modules=["run_app", "run_deidentify", "run_evaluate", "run_mlm", "run_ner", "run_predict"],
    package_data={
        "modeling_dicmt": ["radicals.tsv"],
        "modeling_dicmt.app": ["*.css"],
        "modeling_dicmt.deidentification": ["rules/*.yaml", "rules/lists/*.txt"],
        "modeling_dicmt.pages": ["*.css", "*.html", "*.js"],
        "data_scripts": ["sample_data/*.jsonl", "sample_data/dictionary/*.tsv"],
    },
    install_requires=[
        "accelerate>=1.15,<2",
        "datasets>=5.2,<6",
        "evaluate>=0.4.6,<0.5",
        "huggingface-hub>=2.4,<3",
        "jinja2>=3,<4",
        "numpy>=2,<3",
        "pytorch-crf>=0.7.2,<0.8",
        "pyyaml>=6,<7",
        "safetensors>=0.4",
        "tokenizers>=0.22",
        "torch>=2.13,<3",
        "tqdm>=4.66,<5",
        "transformers>=5.23,<6",
    ],
    cmdclass={"build_py": BuildWithCardTemplate},
    extras_require={
        "app": APP,  # the page, run_app.py
        "docs": DOCS,
        "onnx": ONNX,
        "ray": RAY,  # jobs on folders, on a cluster
        "spacy": SPACY,  # the component "dicmt", and the format docbin
        "tensorboard": [TENSORBOARD],
        "browser": ["selenium>=4.30,<5"],  # tests of the pages
        "benchmarks": COMPARISONS,
        "experiments": COMPARISONS,
        "dev": [
            "hypothesis>=6.100,<7",
            "pytest>=8,<10",
            "pytest-xdist>=3,<4",
            "ruff==0.17.6",
            "seqeval>=1.2.2,<2",
            TENSORBOARD,
            *APP,
            *DOCS,
            *ONNX,
            *RAY,
            *COMPARISONS,
        ],
    },
    entry_points={
        "console_scripts": [
            "dicmt-app = run_app:main",
            "dicmt-data = data_scripts.__main__:main",
            "dicmt-deidentify = run_deidentify:main",
            "dicmt-export-onnx = modeling_dicmt.onnx.__main__:main",
            "dicmt-pretrain = run_mlm:main",
            "dicmt-push = modeling_dicmt.publishing.__main__:main",
            "dicmt-run-evaluate = run_evaluate:main",
            "dicmt-run-ner = run_ner:main",
            "dicmt-run-predict = run_predict:main",
        ],
        "spacy_factories": ["dicmt = modeling_dicmt.spacy.component:make_component"],
    },
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Healthcare Industry",
        "Intended Audience :: Science/Research",
        "Natural Language :: Chinese (Simplified)",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
