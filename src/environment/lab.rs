//! A JupyterLab from the wish to have one to its end: installed, started, looked after, started again, stopped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa::ToSchema;

use super::install::installed;
use super::program::{Orders, Program, is_well, last_said};
use crate::tenant::passes::Issued;

/// How often one that ended is started again.
const RESTARTS: u32 = 3;

/// Pause before the first of those; it doubles.
const PAUSE: Duration = Duration::from_secs(1);

/// Time in which it has to answer after its start, and how often it is asked.
const START: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);

/// How often one that runs is asked whether it is well, and how often it may not answer in a row.
const CHECK: Duration = Duration::from_secs(10);
const SILENT: u32 = 3;

/// Browsers that look at one at once; the first go.
const VISITORS: usize = 100;

/// What a JupyterLab does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LabState {
    Stopped,
    Installing,
    Starting,
    Running,
    Failed,
}

/// The JupyterLab of an environment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct LabView {
    pub(crate) state: LabState,
    /// What is being done, or why it failed and what to do.
    pub(crate) message: String,
    /// Where its pages are, once it runs: a path of this service.
    pub(crate) address: Option<String>,
    /// How often it was started again by itself.
    pub(crate) restarts: u32,
    /// What of its confinement this machine does not hold.
    pub(crate) warnings: Vec<String>,
}

impl LabView {
    pub(super) fn new(state: LabState, message: impl Into<String>) -> Self {
        Self {
            state,
            message: message.into(),
            address: None,
            restarts: 0,
            warnings: Vec::new(),
        }
    }
}

/// What is to be installed and started.
pub(super) struct Plan {
    pub(super) python: String,
    pub(super) plugins: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Makes of what is installed the orders for a start.
    pub(super) orders: Box<dyn FnOnce(super::install::Installed) -> Orders + Send>,
    /// Held while it runs.
    pub(super) pass: Issued,
}

/// A JupyterLab that was asked for.
pub(super) struct Lab {
    pub(super) port: u16,
    pub(super) token: String,
    view: watch::Receiver<LabView>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
    visits: Mutex<Vec<Issued>>,
}

impl Lab {
    pub(super) fn start(port: u16, token: String, plan: Plan) -> Arc<Self> {
        let mut begun = LabView::new(LabState::Installing, "JupyterLab is being looked for");
        begun.warnings.clone_from(&plan.warnings);
        let (told, view) = watch::channel(begun);
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(run(plan, told, stopping));
        Arc::new(Self {
            port,
            token,
            view,
            stop,
            task: Mutex::new(Some(task)),
            visits: Mutex::default(),
        })
    }

    pub(super) fn view(&self) -> LabView {
        self.view.borrow().clone()
    }

    /// Tells whether it has ended for good.
    pub(super) fn is_over(&self) -> bool {
        matches!(
            self.view.borrow().state,
            LabState::Failed | LabState::Stopped
        )
    }

    /// Keeps a browser's pass as long as this runs.
    pub(super) fn visited(&self, visit: Issued) {
        let mut visits = self.visits.lock().expect("no holder panics");
        if visits.len() >= VISITORS {
            visits.remove(0);
        }
        visits.push(visit);
    }

    /// Stops it and waits until its process has ended.
    pub(super) async fn stop(&self) {
        let _ = self.stop.send(true);
        let task = self.task.lock().expect("no holder panics").take();
        if let Some(task) = task {
            let _ = task.await;
        }
        self.visits.lock().expect("no holder panics").clear();
    }
}

/// Why a start is over.
enum Over {
    Stopped,
    /// It ended, or did not answer.
    Ended(String),
}

async fn run(plan: Plan, told: watch::Sender<LabView>, mut stopping: watch::Receiver<bool>) {
    let tell = |state, message: String| {
        told.send_modify(|view| {
            view.state = state;
            view.message = message;
        });
    };
    let cache = python_wasm::default_cache();
    let progress = |line| tell(LabState::Installing, line);
    let installing = installed(&cache, &plan.python, &plan.plugins, progress);
    let installed = tokio::select! {
        installed = installing => installed,
        _ = stopping.wait_for(|stop| *stop) => return tell(LabState::Stopped, String::new()),
    };
    let installed = match installed {
        Ok(installed) => installed,
        Err(error) => return tell(LabState::Failed, format!("{error:#}")),
    };
    let orders = (plan.orders)(installed);
    let mut pause = PAUSE;
    loop {
        tell(LabState::Starting, "JupyterLab starts".into());
        let over = match Program::start(&orders) {
            Ok(program) => once(program, &orders, &told, &mut stopping).await,
            Err(error) => Over::Ended(format!("{error:#}")),
        };
        let why = match over {
            Over::Stopped => break tell(LabState::Stopped, String::new()),
            Over::Ended(why) => why,
        };
        let environment = orders.environment;
        tracing::warn!(%environment, why, "a JupyterLab ended");
        let restarts = told.borrow().restarts;
        told.send_modify(|view| view.address = None);
        if restarts >= RESTARTS {
            let said = last_said(&orders);
            let message = format!(
                "JupyterLab ended and was started again {RESTARTS} times: {why}. It said last:\n{said}"
            );
            break tell(LabState::Failed, message);
        }
        told.send_modify(|view| {
            view.restarts += 1;
            view.state = LabState::Starting;
            view.message = format!("It ended ({why}) and is started again");
        });
        tokio::select! {
            () = tokio::time::sleep(pause) => pause *= 2,
            _ = stopping.wait_for(|stop| *stop) => break tell(LabState::Stopped, String::new()),
        }
    }
    drop(plan.pass);
}

/// Looks after one process until it is over.
async fn once(
    mut program: Program,
    orders: &Orders,
    told: &watch::Sender<LabView>,
    stopping: &mut watch::Receiver<bool>,
) -> Over {
    let over = tokio::select! {
        why = program.ended() => return Over::Ended(why),
        why = look_after(orders, told) => Over::Ended(why),
        _ = stopping.wait_for(|stop| *stop) => Over::Stopped,
    };
    program.end().await;
    over
}

/// Asks whether it is well, again and again, until it is not.
async fn look_after(orders: &Orders, told: &watch::Sender<LabView>) -> String {
    let begun = async {
        while !is_well(orders).await {
            tokio::time::sleep(POLL).await;
        }
    };
    if tokio::time::timeout(START, begun).await.is_err() {
        return format!("it did not answer within {} seconds", START.as_secs());
    }
    told.send_modify(|view| {
        view.state = LabState::Running;
        view.message = "JupyterLab runs".into();
        view.address = Some(format!("/env-{}/lab", orders.environment));
    });
    let mut silent = 0;
    while silent < SILENT {
        tokio::time::sleep(CHECK).await;
        silent = match is_well(orders).await {
            true => 0,
            false => silent + 1,
        };
    }
    "it does not answer".into()
}
