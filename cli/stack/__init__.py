"""The one-machine stack: real servers from wheels, their state in one folder, started and stopped by `Stack`."""

from cli.stack.errors import StackError
from cli.stack.stack import SERVICES, ServiceState, Stack

__all__ = ["SERVICES", "ServiceState", "Stack", "StackError"]
