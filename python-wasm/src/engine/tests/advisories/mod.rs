//! What was reported of wasmtime and Cranelift before, tried on our settings (X1).
//!
//! Each advisory that can meet code without a component, compiled by Cranelift, has a test here
//! that is named after it, or one elsewhere:
//!
//! | advisory | where it is tried |
//! | --- | --- |
//! | GHSA-fm79-3f68-h2fc, GHSA-3p27-qvp9-27qf: `fd_renumber` panics, leaks | `hostile`: it is not linked |
//! | GHSA-852m-cvvp-9p4w: WASI takes host memory without end | `hostile::pointers`, `hostile::clocks` |
//! | GHSA-2r75-cxrj-cmph: cutting a file that is only to be read | `hostile::files` |
//! | GHSA-4ch3-9j33-3pmj: hard links and renames past permissions | `hostile::files` |
//! | GHSA-vqjp-4c8c-hfgg: links and paths that end in a slash | `hostile::paths` |
//! | padding of returned structures shows host memory | `hostile::pointers` |
//! | GHSA-q8hx-mm92-4wvg: tail calls in stack traces | `proposals`: tail calls are refused |
//! | GHSA-m9w2-8782-2946: 64-bit tables | `proposals`: they are refused |
//!
//! These do not apply:
//!
//! | advisory | why |
//! | --- | --- |
//! | GHSA-4h67-722j-5pmc, GHSA-m758-wjhj-p3jq, GHSA-394w-hwhg-8vgm, GHSA-jxhv-7h78-9775, GHSA-hx6p-xpx3-jvvv | the component model is not compiled in |
//! | GHSA-q49f-xg75-m9xw, GHSA-f984-pcp8-v2p7, GHSA-xx5w-cvp6-jv83 | Winch is not compiled in |
//! | GHSA-wh6w-3828-g9qf, GHSA-88xq-w8cq-xfg7, GHSA-6wgr-89rj-399p | the pooling allocator is not compiled in |
//! | GHSA-hc7m-r6v8-hg9q | shared memories are not compiled in |
//! | GHSA-243v-98vx-264h, GHSA-x84v-gj2h-g759 | of `wasi:http` and the third WASI, which are not here |
//! | GHSA-h84q-m8rr-3v9q, GHSA-vvp9-h8p2-xwfc | of the interface for C |
//! | GHSA-c2f5-jxjv-2hh8, RUSTSEC-2024-0445 | of Windows |
//! | RUSTSEC-2024-0442 | `wasmtime-jit-debug` is not compiled in |
//! | GHSA-jhxm-h53p-jm7w | of aarch64; the addresses of GHSA-ff4p-7xrq-q5r8 are tried there too |
//! | GHSA-ch89-5g45-qwc7 | of how an old compiler took the runtime's Rust; the official tests call all of it |

mod code;
mod runtime;

use wasmtime::{Instance, Module, Store, Trap, Val};

use super::proposals::encode;
use super::{engine, store};

/// An instance of a module without imports.
struct Started {
    store: Store<()>,
    instance: Instance,
}

async fn start(fields: &str) -> Started {
    let engine = engine();
    let mut store = store(&engine);
    let module = Module::new(&engine, encode(fields)).unwrap();
    let instance = Instance::new_async(&mut store, &module, &[]).await.unwrap();
    Started { store, instance }
}

impl Started {
    async fn call(&mut self, name: &str, arguments: &[Val]) -> Result<Val, Trap> {
        let function = self.instance.get_func(&mut self.store, name).unwrap();
        let mut results = vec![Val::I32(0); function.ty(&self.store).results().len()];
        function
            .call_async(&mut self.store, arguments, &mut results)
            .await
            .map_err(|error| error.downcast::<Trap>().expect("only traps end a call"))?;
        Ok(results.pop().unwrap_or(Val::I32(0)))
    }

    async fn int(&mut self, name: &str, argument: i32) -> Result<i32, Trap> {
        let result = self.call(name, &[Val::I32(argument)]).await;
        result.map(|value| value.unwrap_i32())
    }

    async fn vector(&mut self, name: &str, arguments: &[Val]) -> [u8; 16] {
        let result = self.call(name, arguments).await.unwrap();
        result.unwrap_v128().as_u128().to_le_bytes()
    }
}
