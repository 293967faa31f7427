from sixbit.compiler.compile import compile_filter as compile_filter
from sixbit.engines import Region as Region
from sixbit.engines import apply as apply
from sixbit.export.correct import correct as correct
from sixbit.lenses.match import Match as Match
from sixbit.lenses.match import Status as Status
from sixbit.lenses.match import match as match
from sixbit.tags.read import read_shot as read_shot
from sixbit.values.choices import Choices as Choices
from sixbit.values.errors import Code as Code
from sixbit.values.errors import CompileError as CompileError
from sixbit.values.errors import EngineError as EngineError
from sixbit.values.errors import FilterError as FilterError
from sixbit.values.errors import PhotoError as PhotoError
from sixbit.values.errors import SixbitError as SixbitError
from sixbit.values.filter import Filter as Filter
from sixbit.values.lens import Lens as Lens
from sixbit.values.shot import LensSpecification as LensSpecification
from sixbit.values.shot import Shot as Shot
from sixbit.values.shot import SixBitCode as SixBitCode
from sixbit.values.shot import Tagged as Tagged

__version__: str
