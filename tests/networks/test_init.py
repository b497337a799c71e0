"""Networks are an extra: the rest of the package does not need PyTorch, and says so where it does."""

import subprocess
import sys

import pytest

import isc.networks

BLOCKED = "import sys; sys.modules['torch'] = None\n"


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_the_package_and_its_public_names_does_not_import_torch():
    code = "import sys, isc, isc.networks\nfor name in isc.__all__: getattr(isc, name)\nprint('torch' in sys.modules)"
    assert run(code).stdout.strip() == "False"


def test_without_torch_a_network_says_which_extra_to_install():
    done = run(BLOCKED + "import isc.networks\nisc.networks.se_resnet50")
    assert "ImportError: isc.networks.se_resnet50 needs PyTorch" in done.stderr
    assert "isc-toolkit[networks]" in done.stderr


def test_without_torch_the_systems_say_which_extra_to_install():
    done = run(BLOCKED + "from isc.networks.comparison import load_systems\nload_systems()")
    assert "ImportError: the systems of isc.networks need PyTorch" in done.stderr


def test_crops_and_comparison_work_without_torch():
    code = BLOCKED + "from isc.networks import align_crop, cross_validate_system\nprint('fine')"
    assert run(code).stdout.strip() == "fine"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'resnet'"):
        isc.networks.resnet  # noqa: B018
    assert "se_resnet50" in dir(isc.networks)
