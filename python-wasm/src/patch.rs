//! The changes made to the interpreter's module before it is compiled.
//!
//! Its data segments move out of the code and become the first image, so that one compiled
//! module serves every image; and a function that the module only names becomes an export.

use std::collections::HashMap;

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{DataSection, ExportKind, ExportSection, RawSection};
use wasmparser::{DataKind, KnownCustom, Name, Operator, Parser, Payload};

/// Why a module cannot be used as the interpreter.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// The bytes are not a WebAssembly module.
    #[error("the interpreter's module cannot be read: {0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
    /// A part of the module could not be written again.
    #[error("the interpreter's module cannot be rewritten: {0}")]
    Rewrite(String),
    /// A function that must be exported is not named in the module.
    #[error(
        "the interpreter's module has no function named {0:?}; its name section may be stripped"
    )]
    NoFunction(&'static str),
    /// The module initialises memory in a way that the loader does not know.
    #[error("the interpreter's module has a data segment that is not at a constant address")]
    DataSegment,
    /// A data segment lies outside of the module's memory.
    #[error(
        "a data segment at {offset} of {bytes} bytes lies outside of the module's memory of {memory} bytes"
    )]
    OutsideOfMemory {
        /// The segment's address.
        offset: u64,
        /// Its length in bytes.
        bytes: u64,
        /// The size of the module's memory in bytes.
        memory: u64,
    },
}

/// A module ready to be compiled, and what its memory holds at first.
pub(crate) struct Patched {
    /// The module without data.
    pub(crate) code: Vec<u8>,
    /// The contents of a fresh memory: address and bytes.
    pub(crate) data: Vec<(usize, Vec<u8>)>,
    /// The size of a fresh memory in bytes.
    pub(crate) memory_bytes: usize,
}

/// Returns the module with `exports` (functions named in its name section) exported and its
/// data segments taken out.
pub(crate) fn patch(module: &[u8], exports: &[&'static str]) -> Result<Patched, PatchError> {
    let named = function_names(module, exports)?;
    let mut out = wasm_encoder::Module::new();
    let mut data = Vec::new();
    let mut memory_bytes = 0u64;
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::Version { .. } | Payload::End(_) | Payload::CodeSectionEntry(_) => {}
            Payload::CustomSection(_) => {}
            Payload::ExportSection(section) => {
                let mut written = ExportSection::new();
                RoundtripReencoder
                    .parse_export_section(&mut written, section.clone())
                    .map_err(|error| PatchError::Rewrite(error.to_string()))?;
                for name in exports {
                    let index = *named.get(name).ok_or(PatchError::NoFunction(name))?;
                    written.export(name, ExportKind::Func, index);
                }
                out.section(&written);
            }
            Payload::DataSection(section) => {
                let mut emptied = DataSection::new();
                for segment in section.clone() {
                    let segment = segment?;
                    let DataKind::Active {
                        memory_index: 0,
                        offset_expr,
                    } = segment.kind
                    else {
                        return Err(PatchError::DataSegment);
                    };
                    let Operator::I32Const { value } = offset_expr.get_operators_reader().read()?
                    else {
                        return Err(PatchError::DataSegment);
                    };
                    data.push((value as u32 as usize, segment.data.to_vec()));
                    emptied.passive([]);
                }
                out.section(&emptied);
            }
            other => {
                if let Payload::MemorySection(section) = other {
                    for memory in section.clone() {
                        memory_bytes = memory?.initial * 65536;
                    }
                }
                if let Some((id, range)) = other.as_section() {
                    out.section(&RawSection {
                        id,
                        data: &module[range],
                    });
                }
            }
        }
    }
    for (offset, bytes) in &data {
        if (offset + bytes.len()) as u64 > memory_bytes {
            return Err(PatchError::OutsideOfMemory {
                offset: *offset as u64,
                bytes: bytes.len() as u64,
                memory: memory_bytes,
            });
        }
    }
    Ok(Patched {
        code: out.finish(),
        data,
        memory_bytes: memory_bytes as usize,
    })
}

fn function_names<'n>(
    module: &[u8],
    wanted: &[&'n str],
) -> Result<HashMap<&'n str, u32>, PatchError> {
    let mut found = HashMap::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CustomSection(section) = payload? else {
            continue;
        };
        let KnownCustom::Name(names) = section.as_known() else {
            continue;
        };
        for name in names {
            let Name::Function(functions) = name? else {
                continue;
            };
            for naming in functions {
                let naming = naming?;
                if let Some(name) = wanted.iter().find(|name| **name == naming.name) {
                    found.entry(*name).or_insert(naming.index);
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_module() {
        let refusal = patch(b"not wasm at all", &[]).err().unwrap();
        assert!(matches!(refusal, PatchError::Malformed(_)), "{refusal}");
    }

    #[test]
    fn moves_data_out_and_exports_by_name() {
        let patched = patch(&module(16), &["hidden"]).unwrap();
        assert_eq!(patched.data, vec![(16, b"abc".to_vec())]);
        assert_eq!(patched.memory_bytes, 65536);
        let exported =
            Parser::new(0)
                .parse_all(&patched.code)
                .any(|payload| match payload.unwrap() {
                    Payload::ExportSection(section) => {
                        section.into_iter().any(|e| e.unwrap().name == "hidden")
                    }
                    _ => false,
                });
        assert!(exported);
    }

    #[test]
    fn refuses_a_missing_function_and_data_outside_of_memory() {
        let refusal = patch(&module(16), &["absent"]).err().unwrap();
        assert!(
            matches!(refusal, PatchError::NoFunction("absent")),
            "{refusal}"
        );
        let refusal = patch(&module(65535), &["hidden"]).err().unwrap();
        assert!(
            matches!(refusal, PatchError::OutsideOfMemory { .. }),
            "{refusal}"
        );
    }

    fn module(data_at: i32) -> Vec<u8> {
        use wasm_encoder::*;
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        module.section(&types);
        let mut functions = FunctionSection::new();
        functions.function(0);
        module.section(&functions);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&memories);
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        module.section(&exports);
        let mut code = CodeSection::new();
        let mut function = Function::new([]);
        function.instruction(&Instruction::End);
        code.function(&function);
        module.section(&code);
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(data_at), *b"abc");
        module.section(&data);
        let mut names = NameSection::new();
        let mut map = NameMap::new();
        map.append(0, "hidden");
        names.functions(&map);
        module.section(&names);
        module.finish()
    }
}
