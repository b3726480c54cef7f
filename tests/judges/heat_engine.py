"""The Heat engine without a cloud.

Whether a template is right is judged by Heat itself: its grammar, parameters, functions, references, cycles, and the
schema and constraints of every property of every resource. Only what it would ask of a cloud is answered here, by a
stand-in in which everything exists.
"""

import logging
import os
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

# Services pick their threads before anything else of theirs is imported.
from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)

from heat.common import config, context, messaging, template_format
from heat.engine import constraints, environment, resource, resources, stack, template
from heat.engine.clients import client_plugin
from heat.engine.clients.os import glance, neutron, nova
from oslo_config import cfg

# What a parameter without a default is given.
STAND_IN = "stand-in"


class Everything:
    """An object of a cloud: whatever it is asked for is there, and is such an object."""

    id = name = STAND_IN
    status = "active"
    ram = disk = min_ram = min_disk = 0
    image_type = None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Everything()

    def __call__(self, *_, **__):
        return Everything()

    def __getitem__(self, _):
        return Everything()

    def __iter__(self):
        return iter(())

    def get(self, *_, **__):
        return Everything()


def start():
    """Sets the engine up, once for a process."""
    cfg.CONF([], project="heat", default_config_files=[])
    folder = os.path.join(sys.prefix, "etc", "heat")
    cfg.CONF.set_override("environment_dir", os.path.join(folder, "environment.d"))
    cfg.CONF.set_override("template_dir", os.path.join(folder, "templates"))
    cfg.CONF.set_override("stack_scheduler_hints", False)
    config.startup_sanity_check = lambda: None
    messaging.setup("fake://", optional=True)
    resources.initialise()

    client_plugin.ClientPlugin.client = lambda *_, **__: Everything()
    client_plugin.ClientPlugin.url_for = lambda *_, **__: "http://cloud"
    resource.Resource.is_service_available = classmethod(lambda *_: (True, None))
    neutron.NeutronClientPlugin.find_resourceid_by_name_or_id = lambda _self, _kind, name, *_, **__: name
    neutron.NeutronClientPlugin.has_extension = lambda *_: True
    nova.NovaClientPlugin.get_flavor = lambda *_: Everything()
    nova.NovaClientPlugin.absolute_limits = lambda *_: {
        "maxServerMeta": 128,
        "maxPersonality": 5,
        "maxPersonalitySize": 10240,
    }
    glance.GlanceClientPlugin.get_image = lambda *_: Everything()
    # Those that look a name up in a cloud; those that look at the text alone stay as they are.
    for constraint in resources.global_env().constraints.values():
        of_cloud = constraint.__module__.startswith("heat.engine.clients")
        if of_cloud and issubclass(constraint, constraints.BaseCustomConstraint):
            constraint.validate = lambda _self, value, _context: isinstance(value, str) and value != ""


def read(text):
    """The template as Heat parses it."""
    return template_format.parse(text)


def validate(parsed):
    """Validates a template as strictly as Heat does before it makes a stack; raises what it complains of."""
    given = {
        name: STAND_IN
        for name, parameter in (parsed.get("parameters") or {}).items()
        if isinstance(parameter, dict) and "default" not in parameter
    }
    cloud = context.RequestContext.from_dict(
        {
            "project_id": "project",
            "tenant": "project",
            "username": "user",
            "user_id": "user",
            "password": "",
            "roles": ["member"],
            "is_admin": False,
            "auth_url": "http://cloud/v3",
            "auth_token": "token",
        }
    )
    surroundings = environment.Environment({"parameters": given})
    whole = stack.Stack(cloud, "judged", template.Template(parsed, env=surroundings), strict_validate=True)
    whole.validate()
    return whole


def unknown_functions(parsed):
    """Maps of one key that look like a call of a function which the template's version does not have.

    To Heat they are data, so that a misspelt `get_attr` passes.
    """
    functions = template.Template(parsed).functions

    def walk(node, path):
        if isinstance(node, dict):
            if len(node) == 1 and (name := str(next(iter(node)))).startswith("get_") and name not in functions:
                yield f"{path}: there is no function {name}"
            for key, value in node.items():
                yield from walk(value, f"{path}.{key}")
        elif isinstance(node, list):
            for number, value in enumerate(node):
                yield from walk(value, f"{path}[{number}]")

    for section in ("resources", "outputs"):
        yield from walk(parsed.get(section), section)
