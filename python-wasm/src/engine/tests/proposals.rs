//! What is switched on and off, said a second time: a slip in the settings shows here.

use wasmparser::{Validator, WasmFeatures};
use wasmtime::Module;

use super::engine;

/// All that the interpreter needs, and nothing else.
pub(super) const ON: WasmFeatures = WasmFeatures::WASM2.union(WasmFeatures::EXCEPTIONS);

/// What is off, by name.
pub(super) const OFF: [(&str, WasmFeatures); 13] = [
    ("tail calls", WasmFeatures::TAIL_CALL),
    ("extended constants", WasmFeatures::EXTENDED_CONST),
    ("function references", WasmFeatures::FUNCTION_REFERENCES),
    (
        "garbage collection",
        WasmFeatures::GC.union(WasmFeatures::FUNCTION_REFERENCES),
    ),
    ("relaxed SIMD", WasmFeatures::RELAXED_SIMD),
    ("64-bit memories", WasmFeatures::MEMORY64),
    ("several memories", WasmFeatures::MULTI_MEMORY),
    ("threads", WasmFeatures::THREADS),
    ("wide arithmetic", WasmFeatures::WIDE_ARITHMETIC),
    ("custom page sizes", WasmFeatures::CUSTOM_PAGE_SIZES),
    (
        "stack switching",
        WasmFeatures::STACK_SWITCHING.union(WasmFeatures::FUNCTION_REFERENCES),
    ),
    ("old exceptions", WasmFeatures::LEGACY_EXCEPTIONS),
    (
        "custom descriptors",
        WasmFeatures::CUSTOM_DESCRIPTORS
            .union(WasmFeatures::GC)
            .union(WasmFeatures::FUNCTION_REFERENCES),
    ),
];

fn valid(module: &[u8], features: WasmFeatures) -> bool {
    Validator::new_with_features(features)
        .validate_all(module)
        .is_ok()
}

/// Returns which switched-off proposals a module needs; `None` when it is valid without any, and
/// also when it is not valid with all of them.
pub(super) fn needs(module: &[u8]) -> Option<String> {
    if valid(module, ON) {
        return None;
    }
    if let Some((name, _)) = OFF
        .iter()
        .find(|(_, features)| valid(module, ON.union(*features)))
    {
        return Some((*name).into());
    }
    let everything = OFF.iter().fold(ON, |all, (_, more)| all.union(*more));
    valid(module, everything).then(|| {
        let names = OFF.iter().filter(|(_, features)| {
            // Needed is what is missed when all others are there.
            !valid(module, everything.difference(*features))
        });
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        names.join(" and ")
    })
}

#[test]
fn every_switched_off_proposal_is_refused() {
    let refused = [
        ("tail calls", "(func $f return_call $f)"),
        (
            "tail calls",
            "(table 1 funcref) (func i32.const 0 return_call_indirect)",
        ),
        (
            "extended constants",
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        ),
        (
            "function references",
            "(type $t (func)) (func (param (ref $t)) local.get 0 call_ref $t)",
        ),
        ("garbage collection", "(type (struct (field i32)))"),
        ("garbage collection", "(type (array i8))"),
        (
            "garbage collection",
            "(func (result i32) i32.const 1 ref.i31 i31.get_s)",
        ),
        (
            "relaxed SIMD",
            "(func (param v128) (result v128) local.get 0 local.get 0 i8x16.relaxed_swizzle)",
        ),
        ("64-bit memories", "(memory i64 1)"),
        ("64-bit memories", "(table i64 1 funcref)"),
        ("several memories", "(memory 1) (memory 1)"),
        ("threads", "(memory 1 1 shared)"),
        (
            "threads",
            "(memory 1) (func (result i32) i32.const 0 i32.atomic.load)",
        ),
        (
            "wide arithmetic",
            "(func (param i64) (result i64 i64) local.get 0 local.get 0 i64.mul_wide_u)",
        ),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
        ("stack switching", "(type $f (func)) (type $c (cont $f))"),
        (
            "custom descriptors",
            "(rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))",
        ),
    ];
    let engine = engine();
    for (name, text) in refused {
        let module = encode(text);
        assert_eq!(needs(&module).as_deref(), Some(name), "{text}");
        assert!(Module::new(&engine, &module).is_err(), "{name}: {text}");
    }
    // Old exceptions have no text any more: a function of `try`, `end`, `end`.
    let old =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x07\x01\x05\0\x06\x40\x0b\x0b";
    assert_eq!(needs(old).as_deref(), Some("old exceptions"));
    assert!(Module::new(&engine, old).is_err());
    // A component is no module.
    assert!(Module::new(&engine, b"\0asm\x0d\0\x01\0").is_err());
    // The control: what is on is taken.
    for text in [
        "(memory 1) (func (result v128) i32.const 0 v128.load)",
        "(tag $t) (func (block (try_table (catch $t 0) throw $t)))",
        "(table 1 externref) (func (param externref) i32.const 0 local.get 0 table.set)",
        "(memory 1) (func i32.const 0 i32.const 0 i32.const 9 memory.copy)",
    ] {
        let module = encode(text);
        assert_eq!(needs(&module), None, "{text}");
        Module::new(&engine, &module).expect(text);
    }
}

/// Returns the binary form of a module's fields.
pub(super) fn encode(fields: &str) -> Vec<u8> {
    let text = format!("(module {fields})");
    let buffer = wast::parser::ParseBuffer::new(&text).expect("it is text");
    let mut module = wast::parser::parse::<wast::Wat<'_>>(&buffer)
        .unwrap_or_else(|error| panic!("{fields}: {error}"));
    module.encode().expect("it has a binary form")
}
