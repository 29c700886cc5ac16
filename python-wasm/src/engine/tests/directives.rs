//! One file of the official tests, directive by directive.

use std::collections::{BTreeMap, HashMap};

use wasmtime::{
    Engine, Global, GlobalType, Instance, Linker, Memory, MemoryType, Module, Mutability, Ref,
    RefType, Store, Table, TableType, ThrownException, Trap, Val, ValType,
};
use wast::token::Id;
use wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use super::proposals::needs;
use super::{store, values};

/// What became of the directives of some files.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// Directives that ended as they are to.
    pub(super) passed: usize,
    /// Modules that the engine refused, by the switched-off proposal that they need.
    pub(super) refused: BTreeMap<String, usize>,
    /// Directives that were not run, by the reason.
    pub(super) skipped: BTreeMap<String, usize>,
    /// Why directives did not end as they are to, by file and line.
    pub(super) failed: BTreeMap<String, String>,
}

impl Report {
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        for (reason, count) in other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.failed.extend(other.failed);
    }
}

/// How a directive ended.
pub(super) enum Verdict {
    Passed,
    /// The engine refused a module for want of a proposal.
    Refused(String),
    Skipped(String),
}

use Verdict::{Passed, Refused, Skipped};

type Checked = Result<Verdict, String>;

/// What a name of the file stands for.
#[derive(Clone)]
enum Named {
    Instance(Instance),
    /// Its module was refused; holds the proposal.
    Off(String),
}

/// What came of an invocation.
enum Called {
    Returned(Vec<Val>),
    Failed(wasmtime::Error),
    Skipped(String),
}

/// Runs the files of the official tests, each in a store of its own.
pub(super) struct Runner {
    store: Store<()>,
    linker: Linker<()>,
    instances: HashMap<String, Named>,
    definitions: HashMap<String, Result<Module, String>>,
    /// Names that modules were registered under, which were refused.
    unregistered: HashMap<String, String>,
}

/// The name of what the file named last.
const LAST: &str = "";

fn name(id: Option<&Id<'_>>) -> String {
    id.map_or(LAST, |id| id.name()).to_owned()
}

impl Runner {
    pub(super) async fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut store = store(engine);
        let mut linker = Linker::new(engine);
        linker.allow_shadowing(true);
        surroundings(&mut store, &mut linker).await?;
        Ok(Self {
            store,
            linker,
            instances: HashMap::new(),
            definitions: HashMap::new(),
            unregistered: HashMap::new(),
        })
    }

    pub(super) async fn run(&mut self, directive: WastDirective<'_>) -> Checked {
        match directive {
            WastDirective::Module(mut module) => {
                let id = name(module.name().as_ref());
                self.instantiate_quoted(id, &mut module).await
            }
            WastDirective::ModuleDefinition(mut module) => {
                let id = name(module.name().as_ref());
                let made = self.module(&encoded(&mut module)?)?;
                let verdict = made
                    .as_ref()
                    .map_or_else(|off| Refused(off.clone()), |_| Passed);
                self.definitions.insert(LAST.into(), made.clone());
                self.definitions.insert(id, made);
                Ok(verdict)
            }
            WastDirective::ModuleInstance {
                instance, module, ..
            } => {
                let definition = self.definitions.get(&name(module.as_ref()));
                let made = definition.ok_or("no such definition")?.clone();
                self.instantiate(name(instance.as_ref()), made).await
            }
            WastDirective::Register {
                name: as_name,
                module,
                ..
            } => match self.named(module.as_ref())? {
                Named::Instance(instance) => {
                    let linked = self.linker.instance(&mut self.store, as_name, instance);
                    linked.map(|_| Passed).map_err(|error| format!("{error:#}"))
                }
                Named::Off(off) => {
                    self.unregistered.insert(as_name.into(), off.clone());
                    Ok(Skipped(off))
                }
            },
            WastDirective::AssertMalformed { mut module, .. }
            | WastDirective::AssertInvalid { mut module, .. }
            | WastDirective::AssertMalformedCustom { mut module, .. }
            | WastDirective::AssertInvalidCustom { mut module, .. } => {
                let Ok(bytes) = module.encode() else {
                    return Ok(Skipped(
                        "text is the parser's matter; no engine takes it".into(),
                    ));
                };
                match Module::new(self.store.engine(), &bytes) {
                    Ok(_) => Err("a module was taken that is not valid".into()),
                    Err(_) => Ok(Passed),
                }
            }
            WastDirective::AssertUnlinkable { mut module, .. } => {
                let bytes = module.encode().map_err(|error| error.to_string())?;
                match self.module(&bytes)? {
                    Err(off) => Ok(Refused(off)),
                    Ok(module) => match self.link(&module).await {
                        Ok(_) => Err("a module was linked that does not fit".into()),
                        Err(error) if error.is::<Trap>() => Err(format!("{error:#}")),
                        Err(_) => Ok(Passed),
                    },
                }
            }
            WastDirective::Invoke(call) => match self.invoke(call).await? {
                Called::Returned(_) => Ok(Passed),
                Called::Failed(error) => Err(format!("{error:#}")),
                Called::Skipped(off) => Ok(Skipped(off)),
            },
            WastDirective::AssertReturn { exec, results, .. } => match self.execute(exec).await? {
                Called::Returned(got) => self.compare(&results, &got),
                Called::Failed(error) => Err(format!("{error:#}")),
                Called::Skipped(off) => Ok(Skipped(off)),
            },
            WastDirective::AssertTrap { exec, message, .. } => {
                trapped(self.execute(exec).await?, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                trapped(self.invoke(call).await?, message)
            }
            WastDirective::AssertException { exec, .. } => match self.execute(exec).await? {
                Called::Failed(error) if error.is::<ThrownException>() => {
                    // It stays with the store until it is taken.
                    self.store.take_pending_exception();
                    Ok(Passed)
                }
                Called::Failed(error) => Err(format!("{error:#}")),
                Called::Returned(_) => Err("no exception was thrown".into()),
                Called::Skipped(off) => Ok(Skipped(off)),
            },
            WastDirective::AssertSuspension { .. } => Ok(Skipped("stack switching".into())),
            WastDirective::Thread(_) | WastDirective::Wait { .. } => Ok(Skipped("threads".into())),
        }
    }

    /// Returns the compiled module, or the switched-off proposal for which it was refused. That a
    /// module is valid and refused, or not valid and taken, is a failure.
    fn module(&self, bytes: &[u8]) -> Result<Result<Module, String>, String> {
        match (Module::new(self.store.engine(), bytes), needs(bytes)) {
            (Ok(module), None) => Ok(Ok(module)),
            (Ok(_), Some(off)) => Err(format!("taken, though {off} are off")),
            (Err(_), Some(off)) => Ok(Err(off)),
            (Err(error), None) => Err(format!("{error:#}")),
        }
    }

    async fn instantiate_quoted(&mut self, id: String, module: &mut QuoteWat<'_>) -> Checked {
        let made = self.module(&encoded(module)?)?;
        self.instantiate(id, made).await
    }

    async fn instantiate(&mut self, id: String, made: Result<Module, String>) -> Checked {
        let named = match made {
            Ok(module) => match self.link(&module).await {
                Ok(instance) => Named::Instance(instance),
                Err(error) => {
                    // What it imports may not be there for want of a proposal.
                    let missing = module
                        .imports()
                        .find_map(|import| self.unregistered.get(import.module()));
                    Named::Off(missing.ok_or_else(|| format!("{error:#}"))?.clone())
                }
            },
            Err(off) => Named::Off(off),
        };
        let verdict = match &named {
            Named::Instance(_) => Passed,
            Named::Off(off) => Refused(off.clone()),
        };
        self.instances.insert(LAST.into(), named.clone());
        self.instances.insert(id, named);
        Ok(verdict)
    }

    async fn link(&mut self, module: &Module) -> wasmtime::Result<Instance> {
        self.linker.instantiate_async(&mut self.store, module).await
    }

    fn named(&self, id: Option<&Id<'_>>) -> Result<Named, String> {
        let named = self.instances.get(&name(id));
        named.cloned().ok_or_else(|| "no such instance".into())
    }

    async fn execute(&mut self, exec: WastExecute<'_>) -> Result<Called, String> {
        match exec {
            WastExecute::Invoke(call) => self.invoke(call).await,
            WastExecute::Wat(mut module) => {
                let bytes = Wat::encode(&mut module).map_err(|error| error.to_string())?;
                Ok(match self.module(&bytes)? {
                    Err(off) => Called::Skipped(off),
                    Ok(module) => match self.link(&module).await {
                        Ok(_) => Called::Returned(Vec::new()),
                        Err(error) => Called::Failed(error),
                    },
                })
            }
            WastExecute::Get { module, global, .. } => match self.named(module.as_ref())? {
                Named::Off(off) => Ok(Called::Skipped(off)),
                Named::Instance(instance) => {
                    let global = instance.get_global(&mut self.store, global);
                    let value = global.ok_or("no such global")?.get(&mut self.store);
                    Ok(Called::Returned(vec![value]))
                }
            },
        }
    }

    async fn invoke(&mut self, call: WastInvoke<'_>) -> Result<Called, String> {
        let instance = match self.named(call.module.as_ref())? {
            Named::Off(off) => return Ok(Called::Skipped(off)),
            Named::Instance(instance) => instance,
        };
        let function = instance.get_func(&mut self.store, call.name);
        let function = function.ok_or_else(|| format!("no function {}", call.name))?;
        let mut arguments = Vec::new();
        for argument in &call.args {
            let value = match argument {
                WastArg::Core(argument) => values::argument(&mut self.store, argument),
                _ => None,
            };
            let Some(value) = value else {
                return Ok(Called::Skipped("garbage collection".into()));
            };
            arguments.push(value);
        }
        let count = function.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); count];
        let called = function.call_async(&mut self.store, &arguments, &mut results);
        Ok(match called.await {
            Ok(()) => Called::Returned(results),
            Err(error) => Called::Failed(error),
        })
    }

    fn compare(&self, expected: &[WastRet<'_>], got: &[Val]) -> Checked {
        let fits = |(expected, got): (&WastRet<'_>, &Val)| match expected {
            WastRet::Core(expected) => values::matches(&self.store, expected, got),
            _ => false,
        };
        if expected.len() == got.len() && expected.iter().zip(got).all(fits) {
            Ok(Passed)
        } else {
            Err(format!("expected {expected:?}, got {got:?}"))
        }
    }
}

fn encoded(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, String> {
    module.encode().map_err(|error| error.to_string())
}

/// The traps by what the tests call them, or begin to call them: editions differ in how much they say.
const TRAPS: [(&str, Trap); 10] = [
    ("unreachable", Trap::UnreachableCodeReached),
    ("integer overflow", Trap::IntegerOverflow),
    ("integer divide by zero", Trap::IntegerDivisionByZero),
    (
        "invalid conversion to integer",
        Trap::BadConversionToInteger,
    ),
    ("out of bounds memory access", Trap::MemoryOutOfBounds),
    ("out of bounds table access", Trap::TableOutOfBounds),
    ("undefined", Trap::TableOutOfBounds),
    ("uninitialized", Trap::IndirectCallToNull),
    ("indirect call", Trap::BadSignature),
    ("call stack exhausted", Trap::StackOverflow),
];

fn trapped(called: Called, message: &str) -> Checked {
    let error = match called {
        Called::Failed(error) => error,
        Called::Returned(_) => return Err(format!("it was to trap: {message}")),
        Called::Skipped(off) => return Ok(Skipped(off)),
    };
    let trap = error.downcast_ref::<Trap>();
    let fits = |(text, wanted): &(&str, Trap)| message.starts_with(text) && trap == Some(wanted);
    // Some editions do not say of what.
    let of_either = matches!(trap, Some(Trap::MemoryOutOfBounds | Trap::TableOutOfBounds));
    if TRAPS.iter().any(fits) || (message == "out of bounds" && of_either) {
        Ok(Passed)
    } else {
        Err(format!("it was to trap: {message}, but: {error:#}"))
    }
}

/// What the tests find around them, by the name `spectest`.
async fn surroundings(store: &mut Store<()>, linker: &mut Linker<()>) -> wasmtime::Result<()> {
    const MODULE: &str = "spectest";
    linker.func_wrap(MODULE, "print", || {})?;
    linker.func_wrap(MODULE, "print_i32", |_: i32| {})?;
    linker.func_wrap(MODULE, "print_i64", |_: i64| {})?;
    linker.func_wrap(MODULE, "print_f32", |_: f32| {})?;
    linker.func_wrap(MODULE, "print_f64", |_: f64| {})?;
    linker.func_wrap(MODULE, "print_i32_f32", |_: i32, _: f32| {})?;
    linker.func_wrap(MODULE, "print_f64_f64", |_: f64, _: f64| {})?;
    for (name, kind, value) in [
        ("global_i32", ValType::I32, Val::I32(666)),
        ("global_i64", ValType::I64, Val::I64(666)),
        ("global_f32", ValType::F32, Val::F32(666.6f32.to_bits())),
        ("global_f64", ValType::F64, Val::F64(666.6f64.to_bits())),
    ] {
        let kind = GlobalType::new(kind, Mutability::Const);
        let global = Global::new(&mut *store, kind, value)?;
        linker.define(&*store, MODULE, name, global)?;
    }
    let kind = TableType::new(RefType::FUNCREF, 10, Some(20));
    let table = Table::new_async(&mut *store, kind, Ref::Func(None)).await?;
    linker.define(&*store, MODULE, "table", table)?;
    let memory = Memory::new_async(&mut *store, MemoryType::new(1, Some(2))).await?;
    linker.define(&*store, MODULE, "memory", memory)?;
    Ok(())
}
