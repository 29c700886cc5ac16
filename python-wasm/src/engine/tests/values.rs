//! Values of the official tests as values of the engine, and the other way round.

use wasmtime::{AsContext, AsContextMut, ExternRef, Val};
use wast::core::{AbstractHeapType, HeapType, NanPattern, V128Pattern, WastArgCore, WastRetCore};

/// Returns an argument; `None` for a reference that only exists with a proposal that is off.
pub(super) fn argument(store: impl AsContextMut, given: &WastArgCore<'_>) -> Option<Val> {
    Some(match given {
        WastArgCore::I32(value) => Val::I32(*value),
        WastArgCore::I64(value) => Val::I64(*value),
        WastArgCore::F32(value) => Val::F32(value.bits),
        WastArgCore::F64(value) => Val::F64(value.bits),
        WastArgCore::V128(value) => Val::V128(u128::from_le_bytes(value.to_le_bytes()).into()),
        WastArgCore::RefNull(kind) => null(kind)?,
        WastArgCore::RefExtern(value) => {
            let reference = ExternRef::new(store, *value).expect("there is room for a reference");
            Val::ExternRef(Some(reference))
        }
        WastArgCore::RefHost(_) => return None,
    })
}

fn null(kind: &HeapType<'_>) -> Option<Val> {
    let HeapType::Abstract { shared: false, ty } = kind else {
        return None;
    };
    match ty {
        AbstractHeapType::Func => Some(Val::FuncRef(None)),
        AbstractHeapType::Extern => Some(Val::ExternRef(None)),
        AbstractHeapType::Exn => Some(Val::ExnRef(None)),
        _ => None,
    }
}

/// Tells whether a result is the expected one.
pub(super) fn matches(store: impl AsContext, expected: &WastRetCore<'_>, got: &Val) -> bool {
    match (expected, got) {
        (WastRetCore::I32(expected), Val::I32(got)) => expected == got,
        (WastRetCore::I64(expected), Val::I64(got)) => expected == got,
        (WastRetCore::F32(expected), Val::F32(got)) => float32(expected, *got),
        (WastRetCore::F64(expected), Val::F64(got)) => float64(expected, *got),
        (WastRetCore::V128(expected), Val::V128(got)) => vector(expected, got.as_u128()),
        (
            WastRetCore::RefNull(_),
            Val::FuncRef(None) | Val::ExternRef(None) | Val::ExnRef(None),
        ) => true,
        (WastRetCore::RefExtern(None), Val::ExternRef(Some(_)))
        | (WastRetCore::RefFunc(None), Val::FuncRef(Some(_))) => true,
        (WastRetCore::RefExtern(Some(expected)), Val::ExternRef(Some(got))) => {
            let data = got
                .data(store.as_context())
                .expect("the reference is alive");
            data.and_then(|data| data.downcast_ref::<u32>()) == Some(expected)
        }
        (WastRetCore::Either(several), got) => several
            .iter()
            .any(|expected| matches(store.as_context(), expected, got)),
        _ => false,
    }
}

/// A NaN whose payload is the quiet bit alone.
const QUIET32: u32 = 0x7fc0_0000;
const QUIET64: u64 = 0x7ff8_0000_0000_0000;

fn float32(expected: &NanPattern<wast::token::F32>, got: u32) -> bool {
    match expected {
        NanPattern::CanonicalNan => got & 0x7fff_ffff == QUIET32,
        NanPattern::ArithmeticNan => got & QUIET32 == QUIET32,
        NanPattern::Value(value) => value.bits == got,
    }
}

fn float64(expected: &NanPattern<wast::token::F64>, got: u64) -> bool {
    match expected {
        NanPattern::CanonicalNan => got & 0x7fff_ffff_ffff_ffff == QUIET64,
        NanPattern::ArithmeticNan => got & QUIET64 == QUIET64,
        NanPattern::Value(value) => value.bits == got,
    }
}

fn vector(expected: &V128Pattern, got: u128) -> bool {
    let lane = |index: usize, bits: usize| (got >> (index * bits)) as u64;
    match expected {
        V128Pattern::I8x16(lanes) => (0..16).all(|at| lanes[at] == lane(at, 8) as i8),
        V128Pattern::I16x8(lanes) => (0..8).all(|at| lanes[at] == lane(at, 16) as i16),
        V128Pattern::I32x4(lanes) => (0..4).all(|at| lanes[at] == lane(at, 32) as i32),
        V128Pattern::I64x2(lanes) => (0..2).all(|at| lanes[at] == lane(at, 64) as i64),
        V128Pattern::F32x4(lanes) => (0..4).all(|at| float32(&lanes[at], lane(at, 32) as u32)),
        V128Pattern::F64x2(lanes) => (0..2).all(|at| float64(&lanes[at], lane(at, 64))),
    }
}
