"""The exports of the networks; the tests that want these skip where ONNX is not installed."""

import pytest
from onnx_networks import NETWORKS, SPAN_NETWORKS, make


@pytest.fixture(scope="package")
def export(tmp_path_factory):
    """Network, tokenizer and export of a name, each made once."""
    from modeling_dicmt.onnx import export_onnx

    done = {}

    def of(name):
        if name not in done:
            model, tokenizer = make(name)
            done[name] = model, tokenizer, export_onnx(model, tokenizer, tmp_path_factory.mktemp("onnx") / "network")
        return done[name]

    return of


@pytest.fixture(params=list(NETWORKS))
def exported(request, export):
    return export(request.param)


@pytest.fixture(params=list(SPAN_NETWORKS))
def exported_spans(request, export):
    return export(request.param)


@pytest.fixture
def plain(export):
    return export("plain")
