// The shapes of the API, made by scripts/types.mjs from the OpenAPI document; not edited by hand.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A cell. */
        Cell: {
            attachments?: unknown;
            /** @description Stays the same as long as the cell lives, whatever happens to it. */
            cell_id: string;
            cell_type: components["schemas"]["CellKind"];
            /**
             * Format: int64
             * @description The notebook's revision when the cell was last changed in any way, by outputs too.
             */
            change: number;
            /** Format: int64 */
            execution_count?: number | null;
            metadata: unknown;
            not_run?: components["schemas"]["NotRun"] | null;
            /** @description As nbformat has them. Large data stands in files that `metadata.cellblock.kept` names. */
            outputs: unknown[];
            /**
             * Format: int64
             * @description The notebook's revision when the cell was last written; a write has to carry it.
             */
            revision: number;
            source: string;
            /** @description What it shows is from an execution whose effects on the variables were undone. */
            undone: boolean;
        };
        /**
         * @description What a cell is.
         * @enum {string}
         */
        CellKind: "code" | "markdown" | "raw";
        /** @description A cell as somebody sees it. */
        CellView: components["schemas"]["Cell"] & {
            /** @description It changed since the reader who asks acknowledged; only there when a reader is named. */
            isUpdate?: boolean | null;
            /** @description It runs or waits to run. */
            running: boolean;
            /** @description It was edited since it ran, or a cell above it ran later. */
            stale: boolean;
        };
        /** @description A state that can be gone back to. */
        CheckpointView: {
            /**
             * Format: int64
             * @description Bytes that differ from the image, before compression; checkpoints share what they have in common.
             */
            bytes: number;
            cell_id?: string | null;
            created_at: string;
            /** Format: int64 */
            execution_count: number;
            /** @description The execution that left it, if it was one. */
            execution_id?: string | null;
            id: string;
            image: string;
            label?: string | null;
            /**
             * @description The session's present state came from it, or is it. Those that are not were left by going back to an
             *     earlier one; going to one of them makes it the present state again.
             */
            on_line: boolean;
        };
        /** @description A column of a DataFrame. */
        ColumnView: {
            dtype: string;
            name: string;
        };
        /** @description Something that lies in a project. */
        Entry: {
            kind: components["schemas"]["Kind"];
            /** @description The media type that the name's ending stands for. Nobody has looked into the file. */
            media_type?: string | null;
            /**
             * @description RFC 3339, UTC. A guest may set it to anything; what is outside of the years 1970 to 9999 is
             *     shown as 1970.
             */
            modified: string;
            name: string;
            /** @description The path inside the project. What is no UTF-8 in a name that a guest made is replaced. */
            path: string;
            /**
             * Format: int64
             * @description Bytes; 0 for what is no file.
             */
            size: number;
            /** @description The file's ETag, without the quotes. */
            version?: string | null;
        };
        /**
         * Format: uuid
         * @description One running of one cell.
         */
        ExecutionId: string;
        /** @description An execution: what was run, what it showed, and how it ended. */
        ExecutionView: {
            cell_id?: string | null;
            checkpoint_after?: string | null;
            /** @description The state before it; nothing for the image's own. */
            checkpoint_before?: string | null;
            code?: string | null;
            created_at?: string | null;
            error?: unknown;
            /** Format: int64 */
            execution_count?: number | null;
            execution_id: string;
            /** @description What looks suspicious in the code (`sessions.suspicious_code`). Not there in lists. */
            findings?: components["schemas"]["Finding"][] | null;
            finished_at?: string | null;
            /** Format: int64 */
            first_seq?: number | null;
            gap?: components["schemas"]["Missing"] | null;
            /** Format: int64 */
            last_seq?: number | null;
            /** @description As nbformat 4.5 has them. Not there in lists. */
            outputs?: unknown[] | null;
            started_at?: string | null;
            /**
             * @description `success`, `error` (Python raised), `limit` (a limit was reached), `interrupted`, `killed` (undone), `lost` (undone with its
             *     worker), `queued` or `running`.
             */
            status: string;
            /** @description Everything readable in the outputs, one after the other. Not there in lists. */
            text?: string | null;
            usage?: unknown;
        };
        /** @description A file to download. */
        ExportedFile: {
            /** Format: int64 */
            bytes: number;
            /** @description Where to get it, until the session ends. */
            href: string;
            name: string;
        };
        /** @description Files to download. */
        ExportedFiles: {
            files: components["schemas"]["ExportedFile"][];
        };
        /** @description A field of a request that is wrong. */
        FieldError: {
            /** @description The field, as a path such as `limits.memory`. */
            field: string;
            /** @description What is wrong with it and what is allowed. */
            message: string;
        };
        /** @description Where a pattern was seen. */
        Finding: {
            /**
             * Format: int32
             * @description The line, from 1.
             */
            line: number;
            pattern: components["schemas"]["Pattern"];
            /** @description What was seen and what it is usually for. */
            why: string;
        };
        /** @description An image that sessions can start from. */
        ImageView: {
            digest: string;
            /**
             * Format: int64
             * @description Bytes of memory that all its sessions share.
             */
            memory_bytes: number;
            name: string;
        };
        /**
         * @description What something in a folder is.
         * @enum {string}
         */
        Kind: "file" | "folder" | "link" | "other";
        /** @description Events that are no longer kept, by their numbers. */
        Missing: {
            /** Format: int64 */
            first: number;
            /** Format: int64 */
            last: number;
        };
        /** @description A notebook. */
        NotebookAnswer: components["schemas"]["NotebookSummary"] & {
            can_redo: boolean;
            can_undo: boolean;
            cells: components["schemas"]["CellView"][];
            metadata: unknown;
        };
        /** @description What was queued. Its events come over the notebook's WebSocket and the session's channel. */
        NotebookExecution: {
            /**
             * @description The cells that are run, in their order. The first that fails is the last that is run, unless
             *     it has the tag `raises-exception`.
             */
            cells: string[];
            execution_id?: components["schemas"]["ExecutionId"] | null;
            /**
             * Format: int64
             * @description The revision of the cell that runs first, to be given with its next change.
             */
            revision?: number | null;
            session_id: components["schemas"]["SessionId"];
        };
        /** @description What a notebook is doing. */
        NotebookState: {
            /** Format: int64 */
            revision: number;
            /** @description The cells that run or wait to run. */
            running_cells: string[];
            status: components["schemas"]["Status"];
        };
        /** @description A notebook without its cells. */
        NotebookSummary: {
            created_at: string;
            last_modified: string;
            name: string;
            /** Format: uuid */
            notebook_id: string;
            /** @description Its file, within the project. */
            path: string;
            /** Format: uuid */
            project_id: string;
            /**
             * Format: int64
             * @description Counts up with every change.
             */
            revision: number;
            session_id?: string | null;
            status: components["schemas"]["Status"];
        };
        /** @description Why a cell that waited to run was not run. */
        NotRun: {
            /** @description A sentence for people. */
            message: string;
            reason: components["schemas"]["NotRunReason"];
        };
        /**
         * @description What came between a cell and its run.
         * @enum {string}
         */
        NotRunReason: "service_ended" | "cell_lost" | "session_ended" | "refused";
        /** @description A returned variable. */
        OnceFile: {
            bytes: number;
            content_base64: string;
            name: string;
        };
        /** @description What came of it. */
        OnceView: {
            /** @description It is a kept result. */
            cached: boolean;
            error?: unknown;
            exports: components["schemas"]["OnceFile"][];
            /** @description What looks suspicious in the code (`sessions.suspicious_code`). */
            findings: components["schemas"]["Finding"][];
            /** @description As nbformat 4.5 has them. */
            outputs: unknown[];
            /** @description `success`, `error`, `limit`, `interrupted`, `killed` or `lost`. */
            status: string;
            /** @description Everything readable in the outputs, one after the other. */
            text: string;
            usage: unknown;
        };
        /**
         * @description A suspicious pattern.
         * @enum {string}
         */
        Pattern: "sandbox_walk" | "native_code" | "process" | "network" | "hidden_code" | "miner";
        /** @description The body of every refusal (`application/problem+json`). */
        Problem: {
            /**
             * Format: int32
             * @description Five digits: module, kind, count.
             */
            code: number;
            /** @description The same as `message`, under the name that RFC 9457 has. */
            detail: string;
            details: unknown;
            errors: components["schemas"]["FieldError"][];
            /** @description The path that was asked for. */
            instance: string;
            message: string;
            /** @description The code's name. */
            name: string;
            request_id?: string | null;
            retryable: boolean;
            /** @description What to do. */
            solution: string;
            /** Format: int32 */
            status: number;
            /** @description RFC 3339, UTC. */
            timestamp: string;
            title: string;
            /** @description An address that says more of this kind of problem. */
            type: string;
        };
        /** @description A project: a folder of files and notebooks. */
        Project: {
            /** @description RFC 3339, UTC. */
            created_at: string;
            description: string;
            id: string;
            /** @description When its name or description was changed last. */
            modified_at: string;
            name: string;
        };
        /**
         * Format: uuid
         * @description A session: one interpreter and its variables.
         */
        SessionId: string;
        /** @description A session. */
        SessionView: {
            /** @description The state it would come back in after a crash; nothing for the image's own. */
            checkpoint_id?: string | null;
            created_at: string;
            /** Format: int64 */
            execution_count: number;
            id: components["schemas"]["SessionId"];
            image: string;
            last_activity: string;
            /**
             * Format: int64
             * @description The number of its last event.
             */
            last_seq: number;
            /** @description Its limits by name, in human units. */
            limits: {
                [key: string]: string;
            };
            name: string;
            notebook_id?: string | null;
            policy: string;
            project_id?: string | null;
            /** @description Its place in the queue for running, 1 being next, while it waits. */
            queue_position?: number | null;
            /**
             * Format: int64
             * @description Seconds until its lifetime is over and it ends. They pass while the service runs.
             */
            seconds_left: number;
            /** @description Names of the secrets that it was granted. */
            secrets: string[];
            state: components["schemas"]["State"];
            usage: components["schemas"]["UsageView"];
        };
        /**
         * @description What a session does now.
         * @enum {string}
         */
        State: "starting" | "idle" | "busy" | "queued" | "hibernated" | "dead";
        /**
         * @description What a notebook is doing.
         * @enum {string}
         */
        Status: "idle" | "running" | "error";
        /** @description A page of a DataFrame or Series. */
        TableView: {
            columns: components["schemas"]["ColumnView"][];
            /** Format: int64 */
            filtered_rows: number;
            /** @description The labels of the rows. */
            index: unknown[];
            rows: unknown[][];
            /** Format: int64 */
            total_rows: number;
        };
        /** @description An execution that was taken and is not waited for. */
        Taken: {
            /**
             * Format: int64
             * @description Its events have larger numbers.
             */
            after_seq: number;
            execution_id: components["schemas"]["ExecutionId"];
            status: string;
        };
        /** @description An upload and how far it is. */
        Upload: {
            /** @description RFC 3339, UTC. */
            created_at: string;
            /** @description When it is removed if it is not in place by then; RFC 3339, UTC. */
            expires_at: string;
            id: string;
            /**
             * Format: int64
             * @description Bytes of the whole file.
             */
            length: number;
            /**
             * Format: int64
             * @description Bytes that are here to stay.
             */
            offset: number;
            path?: string | null;
            project_id?: string | null;
            state: components["schemas"]["UploadState"];
        };
        /**
         * @description How far an upload is.
         * @enum {string}
         */
        UploadState: "open" | "finished" | "placed";
        /** @description What a session has used since it was woken. */
        UsageView: {
            /** Format: int64 */
            file_bytes: number;
            /** Format: int64 */
            files: number;
            /**
             * Format: int64
             * @description Fuel, about one unit a WebAssembly instruction.
             */
            fuel: number;
            /**
             * Format: int64
             * @description Bytes of the guest's memory.
             */
            memory_bytes: number;
            /** Format: int64 */
            open_files: number;
            /**
             * Format: int64
             * @description Bytes of memory that it does not share with other sessions of its image.
             */
            private_bytes: number;
            /**
             * Format: double
             * @description Seconds in which guest code ran or waited.
             */
            seconds: number;
        };
        /** @description A variable. */
        VariableView: {
            /** @description The columns of a DataFrame. */
            columns?: components["schemas"]["ColumnView"][] | null;
            name: string;
            /** @description The beginning of its text. */
            preview: string;
            /** @description Its lengths, for arrays and tables. */
            shape?: number[] | null;
            /**
             * Format: int64
             * @description Bytes that it takes, where that is known.
             */
            size?: number | null;
            type: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
