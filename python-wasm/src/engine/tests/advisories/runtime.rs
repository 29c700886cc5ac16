//! What the engine did wrongly around compiled code.

use std::time::Duration;

use wasmtime::{Caller, ExternRef, Instance, Linker, Module, Rooted, Store, Trap};

use super::super::{engine, proposals::encode, store};
use super::start;

#[tokio::test]
async fn ghsa_44mr_8vmm_wjhg_a_memory_without_pages_has_no_byte() {
    let mut module = start(
        r#"(memory 0)
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))"#,
    )
    .await;
    for at in [0, 1, 65535, 65536, i32::MAX, i32::MIN, -1] {
        let loaded = module.int("load", at).await;
        assert_eq!(loaded, Err(Trap::MemoryOutOfBounds), "{at}");
    }
    // The control.
    assert_eq!(module.int("grow", 1).await, Ok(0));
    assert_eq!(module.int("load", 65535).await, Ok(0));
    assert_eq!(
        module.int("load", 65536).await,
        Err(Trap::MemoryOutOfBounds)
    );
}

#[tokio::test]
async fn ghsa_75hq_h6g9_h4q5_a_dropped_segment_of_references_is_empty() {
    let mut module = start(
        r#"(table 4 externref) (elem $segment externref (ref.null extern) (ref.null extern))
        (func (export "drop") (param i32) (result i32) (elem.drop $segment) (i32.const 1))
        (func (export "init") (param i32) (result i32)
            (table.init $segment (i32.const 0) (i32.const 0) (local.get 0))
            (i32.const 1))"#,
    )
    .await;
    assert_eq!(module.int("init", 2).await, Ok(1));
    for _ in 0..2 {
        assert_eq!(module.int("drop", 0).await, Ok(1));
    }
    assert_eq!(module.int("init", 1).await, Err(Trap::TableOutOfBounds));
    assert_eq!(module.int("init", 0).await, Ok(1));
}

#[tokio::test]
async fn ghsa_p8xm_42r7_89xg_a_table_larger_than_the_host_is_refused() {
    let engine = engine();
    let module = Module::new(&engine, encode("(table 0xffffffff funcref)")).unwrap();
    // 32 GiB: there may be room to reserve them. A session's limiter refuses it before.
    drop(Instance::new_async(&mut store(&engine), &module, &[]).await);
    let mut module = start(
        r#"(table 1 funcref)
        (func (export "grow") (param i32) (result i32)
            (table.grow (ref.null func) (local.get 0)))"#,
    )
    .await;
    assert_eq!(module.int("grow", -1).await, Ok(-1));
    assert_eq!(module.int("grow", 1).await, Ok(1));
}

/// A function that takes a reference, works for some ticks of the epoch while others exist, and
/// gives it back.
const KEEPS_A_REFERENCE: &str = r#"
    (import "host" "collect" (func $collect))
    (table $kept 8 externref)
    (func (export "f") (param externref i32) (result externref)
        (local $turns i32)
        (loop $more
            (table.set $kept
                (i32.and (local.get $turns) (i32.const 7))
                (local.get 0))
            (table.set $kept (i32.and (local.get $turns) (i32.const 7)) (ref.null extern))
            (call $collect)
            (local.set $turns (i32.add (local.get $turns) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $turns) (local.get 1))))
        (local.get 0))"#;

#[tokio::test]
async fn ghsa_gwc9_348x_qwv2_and_ghsa_5fhj_g3p3_pq9g_a_reference_in_use_is_not_collected() {
    let engine = engine();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker
        .func_wrap_async("host", "collect", |mut caller: Caller<'_, ()>, (): ()| {
            Box::new(async move { caller.gc_async(None).await })
        })
        .unwrap();
    let module = Module::new(&engine, encode(KEEPS_A_REFERENCE)).unwrap();
    let mut store = store(&engine);
    let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
    let function = instance
        .get_typed_func::<(Option<Rooted<ExternRef>>, u32), Option<Rooted<ExternRef>>>(
            &mut store, "f",
        )
        .unwrap();
    for turn in 0..20u32 {
        let given = ExternRef::new(&mut store, turn).unwrap();
        let back = function.call_async(&mut store, (Some(given), 500)).await;
        let back = back.unwrap().expect("the reference came back");
        let data = back.data(&store).unwrap().unwrap();
        assert_eq!(data.downcast_ref::<u32>(), Some(&turn));
    }
}

#[tokio::test]
async fn ghsa_2hw9_mc66_jc2q_a_bulk_operation_is_done_whole_or_not_at_all() {
    const FIELDS: &str = r#"(memory (export "memory") 512)
        (table 100000 funcref)
        (func (export "fill") (param i32) (result i32)
            (memory.fill (i32.const 0) (local.get 0) (i32.const 0x2000000)) (i32.const 1))
        (func (export "copy") (param i32) (result i32)
            (memory.copy (i32.const 0) (i32.const 1) (i32.const 0x1ffffff)) (i32.const 1))
        (func (export "table") (param i32) (result i32)
            (table.fill (i32.const 0) (ref.null func) (local.get 0))
            (table.grow (ref.null func) (local.get 0)))"#;
    // Under the ticks of the epoch, which let others run wherever they are seen.
    let mut module = start(FIELDS).await;
    for byte in 1..30 {
        assert_eq!(module.int("fill", byte).await, Ok(1));
        let memory = module
            .instance
            .get_memory(&mut module.store, "memory")
            .unwrap();
        let bytes = memory.data(&module.store);
        assert!(bytes.iter().all(|found| i32::from(*found) == byte));
        assert_eq!(module.int("copy", 0).await, Ok(1));
    }
    assert_eq!(module.int("table", 100_000).await, Ok(100_000));
    // Out of fuel at any place: what was begun is finished, or nothing of it is there.
    for fuel in [1, 10, 1000, 1 << 20, 1 << 25, (1 << 25) + 100] {
        let mut module = start(FIELDS).await;
        module.store.set_fuel(fuel).unwrap();
        let filled = module.int("fill", 7).await;
        let memory = module
            .instance
            .get_memory(&mut module.store, "memory")
            .unwrap();
        let bytes = memory.data(&module.store);
        let whole = bytes.iter().all(|byte| *byte == 7);
        let nothing = bytes.iter().all(|byte| *byte == 0);
        assert!(whole || nothing, "{fuel}");
        if filled.is_ok() {
            assert!(whole, "{fuel}");
        }
    }
}

#[tokio::test]
async fn ghsa_xjhv_v822_pf94_a_call_that_is_dropped_half_way_takes_nothing_with_it() {
    const FIELDS: &str = r#"(import "host" "wait" (func $wait))
        (func (export "wait") (call $wait))
        (func (export "loop") (loop $more (br $more)))
        (func (export "throw") (block (try_table (catch_all 0) (call $wait))))"#;
    let engine = engine();
    let mut linker: Linker<()> = Linker::new(&engine);
    linker
        .func_wrap_async("host", "wait", |_: Caller<'_, ()>, (): ()| {
            Box::new(std::future::pending::<()>())
        })
        .unwrap();
    let module = Module::new(&engine, encode(FIELDS)).unwrap();
    for name in ["wait", "loop", "throw"] {
        let mut store = store(&engine);
        let instance = linker.instantiate_async(&mut store, &module).await.unwrap();
        let function = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        // Dropped while it waits or between two ticks; and dropped before it began.
        for _ in 0..3 {
            let call = function.call_async(&mut store, ());
            let ended = tokio::time::timeout(Duration::from_millis(30), call).await;
            assert!(ended.is_err(), "{name}");
            drop(function.call_async(&mut store, ()));
        }
        drop(store);
    }
}

#[tokio::test]
async fn ghsa_hfr4_7c6c_48w2_a_copy_of_a_linker_stands_alone() {
    let engine = engine();
    let mut linker: Linker<()> = Linker::new(&engine);
    for index in 0..100 {
        linker
            .func_wrap(
                &format!("module{index}"),
                &format!("name{index}"),
                move || index,
            )
            .unwrap();
    }
    let copy = linker.clone();
    drop(linker);
    let fields = r#"(import "module99" "name99" (func $f (result i32)))
        (func (export "f") (result i32) call $f)"#;
    let module = Module::new(&engine, encode(fields)).unwrap();
    let mut store = store(&engine);
    let instance = copy.instantiate_async(&mut store, &module).await.unwrap();
    let function = instance.get_typed_func::<(), i32>(&mut store, "f").unwrap();
    assert_eq!(function.call_async(&mut store, ()).await.unwrap(), 99);
}

/// Calls through a table: one function of the right type, one of another.
const TYPED: &str = r#"(type $right (func (param i32) (result i32)))
    (table funcref (elem $a $b))
    (func $a (param i32) (result i32) (local.get 0))
    (func $b (param f64 i64) (result v128) (v128.const i64x2 1 2))
    (func (export "f") (param i32) (result i32)
        (call_indirect (type $right) (i32.const 5) (local.get 0)))"#;

async fn typed(store: &mut Store<()>, module: &Module) {
    let instance = Instance::new_async(&mut *store, module, &[]).await.unwrap();
    let function = instance
        .get_typed_func::<i32, i32>(&mut *store, "f")
        .unwrap();
    assert_eq!(function.call_async(&mut *store, 0).await.unwrap(), 5);
    let wrong = function.call_async(&mut *store, 1).await.unwrap_err();
    assert_eq!(wrong.downcast_ref::<Trap>(), Some(&Trap::BadSignature));
}

#[tokio::test]
async fn ghsa_hgjw_h833_99q9_and_ghsa_4873_36h9_wv49_engines_do_not_share_types() {
    let (one, other) = (engine(), engine());
    // The other engine numbers its types differently.
    let before = "(func (param f32 f32 f32)) (func (param i64) (result f64) (f64.const 0))";
    let shifted = Module::new(&other, encode(&format!("{before} {TYPED}"))).unwrap();
    let module = Module::new(&one, encode(TYPED)).unwrap();
    typed(&mut store(&one), &module).await;
    typed(&mut store(&other), &shifted).await;
    // A module of one engine is refused in a store of the other.
    let crossed = Instance::new_async(&mut store(&other), &module, &[]).await;
    let refusal = crossed.err().unwrap().to_string();
    assert!(refusal.contains("cross-`Engine`"), "{refusal}");
}

#[test]
fn ghsa_7qmx_3fpx_r45m_types_that_come_and_go_on_two_threads_stay_apart() {
    let engine = engine();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap();
                for _ in 0..150 {
                    let module = Module::new(&engine, encode(TYPED)).unwrap();
                    runtime.block_on(typed(&mut store(&engine), &module));
                    // The last module that has the types is dropped here, or by the other thread.
                    drop(module);
                }
            });
        }
    });
}
