//! Instructions that were compiled wrongly.

use std::fmt::Write as _;

use wasmtime::{Trap, V128, Val};

use super::start;

fn vector(bytes: [u8; 16]) -> Val {
    Val::V128(V128::from(u128::from_le_bytes(bytes)))
}

/// Sixteen bytes that all differ.
const BYTES: [u8; 16] = [
    0x80, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0xF7, 0x08, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
];

#[tokio::test]
async fn ghsa_hpqh_2wqx_7qp5_an_address_that_was_put_aside_keeps_its_sign() {
    // So many values live across the call that the address is kept on the stack meanwhile.
    let (mut before, mut after, mut locals) = (String::new(), String::new(), String::new());
    for index in 0..24 {
        write!(locals, "(local $v{index} i32)").unwrap();
        write!(
            before,
            "(local.set $v{index} (i32.mul (local.get 0) (i32.const {})))",
            index + 3
        )
        .unwrap();
        write!(
            after,
            "(i32.const 0) (local.get $v{index}) i32.and i32.add "
        )
        .unwrap();
    }
    let mut module = start(&format!(
        r#"(memory 1) (data (i32.const 4) "\2a\00\00\00")
        (func $away (param i32) (result i32) (i32.xor (local.get 0) (i32.const 1)))
        (func (export "f") (param i32) (result i32) (local $at i32) {locals}
            (local.set $at (i32.sub (local.get 0) (i32.const 4))) {before}
            (drop (call $away (local.get 0)))
            (i32.load (local.get $at)) {after})"#
    ))
    .await;
    assert_eq!(module.int("f", 8).await, Ok(42));
    for below in [0, 1, 3, i32::MIN + 4] {
        assert_eq!(module.int("f", below).await, Err(Trap::MemoryOutOfBounds));
    }
}

#[tokio::test]
async fn ghsa_ff4p_7xrq_q5r8_an_address_that_is_shifted_wraps_at_32_bits() {
    for shift in 1..=3 {
        let mut module = start(&format!(
            r#"(memory 1) (data (i32.const 8) "\2a\00\00\00")
            (func (export "load") (param i32) (result i32)
                (i32.load (i32.shl (local.get 0) (i32.const {shift}))))
            (func (export "far") (param i32) (result i32)
                (i32.load offset=8 (i32.shl (local.get 0) (i32.const {shift}))))
            (func (export "store") (param i32) (result i32)
                (i32.store (i32.shl (local.get 0) (i32.const {shift})) (i32.const 7))
                (i32.load (i32.const 8)))"#
        ))
        .await;
        // The highest bits fall out, so this is address 8, and this is 0.
        let eight = (8u32 >> shift | 1 << (32 - shift)) as i32;
        let zero = (1u32 << (32 - shift)) as i32;
        assert_eq!(module.int("load", eight).await, Ok(42), "{shift}");
        assert_eq!(module.int("far", zero).await, Ok(42), "{shift}");
        assert_eq!(module.int("store", eight).await, Ok(7), "{shift}");
        // The control: the greatest address that the shift leaves.
        let all = module.int("load", -1).await;
        assert_eq!(all, Err(Trap::MemoryOutOfBounds));
    }
}

#[tokio::test]
async fn ghsa_xm67_587q_r2vw_lanes_of_the_second_of_two_same_vectors() {
    let lanes = [31, 0, 16, 15, 17, 1, 18, 2, 30, 14, 29, 13, 16, 16, 0, 31];
    let text = lanes.map(|lane: usize| lane.to_string()).join(" ");
    let mut module = start(&format!(
        "(func (export \"f\") (param v128) (result v128)
            (i8x16.shuffle {text} (local.get 0) (local.get 0)))"
    ))
    .await;
    let expected = lanes.map(|lane| BYTES[lane % 16]);
    assert_eq!(module.vector("f", &[vector(BYTES)]).await, expected);
}

#[tokio::test]
async fn ghsa_gw5p_q8mj_p7gh_a_constant_shift_of_64_bit_lanes() {
    for shift in [0, 1, 31, 32, 33, 47, 63, 64, 65, -1] {
        let mut module = start(&format!(
            "(func (export \"f\") (param v128) (result v128)
                (i64x2.shr_s (local.get 0) (i32.const {shift})))"
        ))
        .await;
        let value = u128::from_le_bytes(BYTES);
        let lane = |lane: u64| u128::from((lane as i64 >> (shift & 63)) as u64);
        let expected = lane(value as u64) | lane((value >> 64) as u64) << 64;
        let got = module.vector("f", &[vector(BYTES)]).await;
        assert_eq!(u128::from_le_bytes(got), expected, "{shift}");
    }
}

#[tokio::test]
async fn ghsa_jqwc_c49r_4w2x_swizzle_and_select_leave_their_inputs_alone() {
    let mut module = start(
        r#"(func (export "swizzle") (param v128 v128) (result v128)
            (v128.xor
                (i8x16.swizzle (local.get 0) (local.get 1))
                (v128.xor (local.get 1) (local.get 1))))
        (func (export "mask") (param v128 v128) (result v128)
            (drop (i8x16.swizzle (local.get 0) (local.get 1)))
            (local.get 1))
        (func (export "select") (param v128 v128 i32) (result v128)
            (select (local.get 0) (local.get 1) (local.get 2)))
        (func (export "float") (param v128 v128 i32) (result v128)
            (select
                (f32x4.abs (local.get 0))
                (v128.not (local.get 1))
                (local.get 2)))"#,
    )
    .await;
    let mask = [
        15, 16, 0, 255, 1, 128, 14, 17, 2, 127, 13, 31, 3, 32, 12, 254,
    ];
    let swizzled = mask.map(|lane| BYTES.get(usize::from(lane)).copied().unwrap_or(0));
    let both = [vector(BYTES), vector(mask)];
    assert_eq!(module.vector("swizzle", &both).await, swizzled);
    assert_eq!(module.vector("mask", &both).await, mask);
    for (which, expected) in [(0, mask), (1, BYTES), (-1, BYTES)] {
        let arguments = [vector(BYTES), vector(mask), Val::I32(which)];
        assert_eq!(module.vector("select", &arguments).await, expected);
        let first = which != 0;
        let computed = if first {
            let mut lanes = BYTES;
            (3..16).step_by(4).for_each(|sign| lanes[sign] &= 0x7F);
            lanes
        } else {
            mask.map(|byte: u8| !byte)
        };
        assert_eq!(module.vector("float", &arguments).await, computed);
    }
}

#[tokio::test]
async fn ghsa_7f6x_jwh5_m9r4_division_by_constants() {
    let divisors = [
        1,
        2,
        3,
        -2,
        -3,
        5,
        -7,
        10,
        641,
        -641,
        i32::MAX,
        i32::MIN,
        i32::MIN + 1,
    ];
    let mut text = String::new();
    for (index, divisor) in divisors.iter().enumerate() {
        for name in ["div_s", "div_u", "rem_s", "rem_u"] {
            writeln!(
                text,
                "(func (export \"{name}{index}\") (param i32) (result i32)
                    (i32.{name} (local.get 0) (i32.const {divisor})))"
            )
            .unwrap();
        }
    }
    let mut module = start(&text).await;
    for (index, divisor) in divisors.into_iter().enumerate() {
        for number in [
            0,
            1,
            -1,
            2,
            -2,
            6,
            -6,
            100,
            -100,
            i32::MAX,
            i32::MIN,
            i32::MIN + 1,
        ] {
            let unsigned = (number as u32, divisor as u32);
            for (name, expected) in [
                ("div_s", number.wrapping_div(divisor)),
                ("rem_s", number.wrapping_rem(divisor)),
                ("div_u", (unsigned.0 / unsigned.1) as i32),
                ("rem_u", (unsigned.0 % unsigned.1) as i32),
            ] {
                let got = module.int(&format!("{name}{index}"), number).await;
                assert_eq!(got, Ok(expected), "{number} {name} {divisor}");
            }
        }
    }
}

/// Instructions on a number that was loaded from the last bytes of memory: none may load more.
const LAST_BYTES: [(&str, &str); 22] = [
    ("f64", "(f64.copysign (f64.const -1) (LOAD))"),
    ("f64", "(f64.copysign (LOAD) (f64.const -1))"),
    ("f64", "(f64.sqrt (LOAD))"),
    ("f64", "(f64.ceil (LOAD))"),
    ("f64", "(f64.neg (LOAD))"),
    ("f64", "(f64.abs (LOAD))"),
    ("f64", "(f64.min (f64.const 1) (LOAD))"),
    ("f64", "(f64.add (f64.const 1) (LOAD))"),
    ("f64", "(f32.demote_f64 (LOAD))"),
    ("f32", "(f32.copysign (f32.const -1) (LOAD))"),
    ("f32", "(f32.copysign (LOAD) (f32.const -1))"),
    ("f32", "(f32.floor (LOAD))"),
    ("f32", "(f64.promote_f32 (LOAD))"),
    ("f32", "(f32.max (f32.const 1) (LOAD))"),
    ("f64", "(f64x2.splat (LOAD))"),
    ("f32", "(f32x4.splat (LOAD))"),
    ("i64", "(i64x2.splat (LOAD))"),
    ("i32", "(i32x4.splat (LOAD))"),
    (
        "f64",
        "(f64x2.replace_lane 1 (v128.const i64x2 1 2) (LOAD))",
    ),
    (
        "f32",
        "(f32x4.replace_lane 3 (v128.const i64x2 1 2) (LOAD))",
    ),
    ("i32", "(f32.convert_i32_u (LOAD))"),
    ("i64", "(f64.convert_i64_s (LOAD))"),
];

#[tokio::test]
async fn ghsa_vc8c_j3xm_xj73_and_ghsa_qqfj_4vcm_26hv_no_load_is_wider_than_it_says() {
    for (kind, expression) in LAST_BYTES {
        let last = (1 << 16) - if kind.ends_with("64") { 8 } else { 4 };
        let load = format!("({kind}.load (local.get 0))");
        let mut module = start(&format!(
            "(memory 1) (func (export \"f\") (param i32) {})",
            format!("(drop {expression})").replace("(LOAD)", &load)
        ))
        .await;
        assert_eq!(module.int("f", last).await, Ok(0), "{expression}");
        // The control: one byte more is not there.
        let behind = module.int("f", last + 1).await;
        assert_eq!(behind, Err(Trap::MemoryOutOfBounds), "{expression}");
    }
    // The same where the result is used, so that nothing is left out as useless.
    let mut module = start(
        r#"(memory 1)
        (data (i32.const 65528) "\00\00\00\00\00\00\f8\3f")
        (func (export "copysign") (param i32) (result i64)
            (i64.reinterpret_f64
                (f64.copysign (f64.const -2.5) (f64.load (local.get 0)))))
        (func (export "splat") (param i32) (result v128)
            (f64x2.splat (f64.load (local.get 0))))"#,
    )
    .await;
    let signed = module.call("copysign", &[Val::I32(65528)]).await.unwrap();
    assert_eq!(
        f64::from_bits(signed.unwrap_i64() as u64).to_bits(),
        2.5f64.to_bits()
    );
    let lanes = module.vector("splat", &[Val::I32(65528)]).await;
    let lane = 1.5f64.to_le_bytes();
    assert_eq!(lanes, [lane, lane].concat()[..]);
}
