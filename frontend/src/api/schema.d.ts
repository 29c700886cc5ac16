// Made by scripts/types.mjs from the service's OpenAPI document; not edited by hand.
export interface paths {
    "/api": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells the version of the Jupyter Server whose addresses these are. */
        get: operations["get_api"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/contents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the project's folder with what is in it. */
        get: operations["get_api_contents"];
        put?: never;
        /** Makes something new in the project's folder, or copies a file into it. */
        post: operations["post_api_contents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/contents/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a file, a folder with what is in it, or the checkpoints of a file. */
        get: operations["get_api_contents_path"];
        /** Writes a file or a notebook, whole or in parts; or makes a folder. */
        put: operations["put_api_contents_path"];
        /** Makes something new in a folder, or copies a file into it; of a file, makes a checkpoint or restores it. */
        post: operations["post_api_contents_path"];
        /** Deletes a file, a folder with all that is in it, or a checkpoint. */
        delete: operations["delete_api_contents_path"];
        options?: never;
        head?: never;
        /** Moves something. */
        patch: operations["patch_api_contents_path"];
        trace?: never;
    };
    "/api/kernels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the kernels: all sessions of the tenant. */
        get: operations["get_api_kernels"];
        put?: never;
        /** Starts a kernel. */
        post: operations["post_api_kernels"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernels/{kernel_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a kernel. */
        get: operations["get_api_kernels_kernel_id"];
        put?: never;
        post?: never;
        /** Ends a kernel. */
        delete: operations["delete_api_kernels_kernel_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernels/{kernel_id}/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Opens the WebSocket of a kernel.
         * @description Messages are those of Jupyter's messaging specification, in the subprotocol `v1.kernel.websocket.jupyter.org` or in the one
         *     without a name.
         */
        get: operations["get_api_kernels_kernel_id_channels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernels/{kernel_id}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Interrupts the running cell of a kernel. */
        post: operations["post_api_kernels_kernel_id_interrupt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernels/{kernel_id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins a kernel anew from its image. */
        post: operations["post_api_kernels_kernel_id_restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernelspecs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the kernels that can be started: one for each image. */
        get: operations["get_api_kernelspecs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/kernelspecs/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a kernel that can be started. */
        get: operations["get_api_kernelspecs_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells who the caller is, for clients of Jupyter. */
        get: operations["get_api_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the documents that are open. */
        get: operations["get_api_sessions"];
        put?: never;
        /** Opens a document: with the kernel that is named, or that it has already, or a new one. */
        post: operations["post_api_sessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a document that is open. */
        get: operations["get_api_sessions_session"];
        put?: never;
        post?: never;
        /** Closes a document, and ends its kernel. */
        delete: operations["delete_api_sessions_session"];
        options?: never;
        head?: never;
        /** Changes where a document is, what it is called, or its kernel; the kernel that it had ends then. */
        patch: operations["patch_api_sessions_session"];
        trace?: never;
    };
    "/api/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what the server does, for clients of Jupyter. */
        get: operations["get_api_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists records of the audit log, the newest first. */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/head": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the signed end of the tenant's audit log. Kept elsewhere, it shows later that nothing
         *     was cut off (`cellblock audit verify --heads`).
         */
        get: operations["get_audit_head"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As `complete` of a session, without one. */
        post: operations["post_complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the environments, oldest first. */
        get: operations["get_environments"];
        put?: never;
        /** Makes an environment. */
        post: operations["post_environments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns an environment. */
        get: operations["get_environments_id"];
        put?: never;
        post?: never;
        /** Deletes an environment, and stops what runs in it. The project and its sessions stay. */
        delete: operations["delete_environments_id"];
        options?: never;
        head?: never;
        /** Changes an environment's name or image. A JupyterLab that runs keeps the image that it has. */
        patch: operations["patch_environments_id"];
        trace?: never;
    };
    "/api/v1/environments/{id}/jupyter": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what the environment's JupyterLab does. */
        get: operations["get_environments_id_jupyter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{id}/jupyter/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Starts a JupyterLab in the environment; the first start installs it. */
        post: operations["post_environments_id_jupyter_start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{id}/jupyter/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops the environment's JupyterLab. Its kernels stay, as sessions. */
        post: operations["post_environments_id_jupyter_stop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells what happens in the tenant, as `/ws/events` does, to clients that have no WebSocket.
         * @description The answer goes on until one side ends it. A comment comes after each 15 seconds without an event. The last event is of the
         *     type `closed` and says why: with the code 1013 the client was too slow and comes again.
         */
        get: operations["get_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs code once, in a session of its own.
         * @description With `Accept: application/x-ndjson` or `text/event-stream` the events come as they happen, and the whole result in a last
         *     line of the type `result`; closing the request interrupts the cell. A Python exception is a result like any other.
         */
        post: operations["post_execute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/format": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Formats code with black. */
        post: operations["post_format"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the images. */
        get: operations["get_images"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** As `inspect` of a session, without one. */
        post: operations["post_inspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the keys of the tenant, without their secrets. */
        get: operations["get_keys"];
        put?: never;
        /** Makes a key. Its secret is shown in this answer and never again. */
        post: operations["post_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a key, without its secret. */
        get: operations["get_keys_id"];
        put?: never;
        post?: never;
        /** Revokes a key. It ends at once, and live connections that it opened within seconds. */
        delete: operations["delete_keys_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a key a new secret, which is shown in this answer and never again. The old one ends at once. */
        post: operations["post_keys_id_rotate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Checks code with pyflakes and pycodestyle. */
        post: operations["post_lint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the notebooks. */
        get: operations["get_notebooks"];
        put?: never;
        /** Makes a notebook, or opens one that is in the project already. */
        post: operations["post_notebooks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a notebook with its cells. */
        get: operations["get_notebooks_id"];
        put?: never;
        post?: never;
        /** Removes a notebook and its file, and ends its session. */
        delete: operations["delete_notebooks_id"];
        options?: never;
        head?: never;
        /** Changes a notebook's name, place or metadata. */
        patch: operations["patch_notebooks_id"];
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the cells of a notebook. */
        get: operations["get_notebooks_id_cells"];
        put?: never;
        /** Adds a cell. */
        post: operations["post_notebooks_id_cells"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells/{cell_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings the variables back to before the cell's last execution. The cell, and those that ran after it, are marked as undone. */
        post: operations["post_notebooks_id_cells_cell_id_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells/{cell}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a cell. */
        get: operations["get_notebooks_id_cells_cell"];
        put?: never;
        post?: never;
        /** Removes a cell. */
        delete: operations["delete_notebooks_id_cells_cell"];
        options?: never;
        head?: never;
        /** Changes a cell's source, type or metadata. */
        patch: operations["patch_notebooks_id_cells_cell"];
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells/{cell}/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Appends the next cell to this one. */
        post: operations["post_notebooks_id_cells_cell_merge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells/{cell}/move": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Moves a cell. */
        post: operations["post_notebooks_id_cells_cell_move"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/cells/{cell}/split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Splits a cell in two. The first part is a new cell; the second keeps the id and the outputs, as in JupyterLab. */
        post: operations["post_notebooks_id_cells_cell_split"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/clear_outputs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Removes the outputs of one cell or of all. This is not undone. */
        post: operations["post_notebooks_id_clear_outputs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/comm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives a message to a widget of a notebook, as a front end's control does.
         * @description What the widget's code shows or changes comes as events over the notebook's WebSocket. Its session must live.
         */
        post: operations["post_notebooks_id_comm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/context": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a notebook as a model is told of it, within a budget of tokens. */
        get: operations["get_notebooks_id_context"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Runs cells of a notebook in its session, which is made when there is none. */
        post: operations["post_notebooks_id_execute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a notebook in another format, as a file. */
        get: operations["get_notebooks_id_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a copy of a notebook beside it, whose session is a fork of the notebook's.
         * @description It has the notebook's cells and outputs, and the variables of its session, now or at a checkpoint; what cells show that
         *     ran after the checkpoint is marked as undone. A notebook without a session gives a copy without one.
         */
        post: operations["post_notebooks_id_fork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/outputs/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a large output that the notebook only names. */
        get: operations["get_notebooks_id_outputs_hash"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/redo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the edit again that was taken back last. */
        post: operations["post_notebooks_id_redo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what a notebook is doing. */
        get: operations["get_notebooks_id_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes the last edit back. */
        post: operations["post_notebooks_id_undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/updates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the cells that changed since the reader acknowledged. */
        get: operations["get_notebooks_id_updates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/{id}/updates/ack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remembers what a reader has seen. */
        post: operations["post_notebooks_id_updates_ack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/notebooks/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a notebook of a file. */
        post: operations["post_notebooks_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the projects, oldest first. */
        get: operations["get_projects"];
        put?: never;
        /** Makes a project. */
        post: operations["post_projects"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a project. */
        get: operations["get_projects_id"];
        put?: never;
        post?: never;
        /** Deletes a project with all its files. */
        delete: operations["delete_projects_id"];
        options?: never;
        head?: never;
        /** Changes a project's name or description. */
        patch: operations["patch_projects_id"];
        trace?: never;
    };
    "/api/v1/projects/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A page of the project's folder, or its archive with `?zip`. */
        get: operations["get_projects_id_files"];
        put?: never;
        /** Adds the files of a form to the project's folder, or with `?unpack` those of a zip archive: all or none. */
        post: operations["post_projects_id_files"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends a file, whole or a range of it; a page of a folder, a folder's archive with `?zip`. */
        get: operations["get_projects_id_files_path"];
        /** Writes a file in one step, with the folders on the way; or makes a folder with `?directory`. */
        put: operations["put_projects_id_files_path"];
        /** Adds the files of a form to a folder, or with `?unpack` those of a zip archive: all or none. */
        post: operations["post_projects_id_files_path"];
        /** Deletes a file or an empty folder; with `?recursive` a folder with all that is in it. */
        delete: operations["delete_projects_id_files_path"];
        options?: never;
        head?: never;
        /** Moves a file or folder within the project. */
        patch: operations["patch_projects_id_files_path"];
        trace?: never;
    };
    "/api/v1/projects/{id}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the project's secrets by name, without their values. */
        get: operations["get_projects_id_secrets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{id}/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Sets a secret. Sessions that were granted it have the new value when they are brought into memory the
         *     next time.
         */
        put: operations["put_projects_id_secrets_name"];
        post?: never;
        /** Removes a secret. Sessions that are in memory with it keep it until they sleep, restart or end. */
        delete: operations["delete_projects_id_secrets_name"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the tenant's code that is not run again, by its digest. */
        get: operations["get_quarantine"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quarantine/{code_hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Lets code be run again. */
        delete: operations["delete_quarantine_code_hash"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what the tenant may use. */
        get: operations["get_quotas"];
        /** Sets all that a tenant may use; PATCH changes some of it. For the operator; sessions that exist are not ended by it. */
        put: operations["put_quotas"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes some of what a tenant may use. For the operator; sessions that exist are not ended by it. */
        patch: operations["patch_quotas"];
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the sessions. */
        get: operations["get_sessions"];
        put?: never;
        /** Makes a session and starts it. */
        post: operations["post_sessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a session. */
        get: operations["get_sessions_session_id"];
        put?: never;
        post?: never;
        /** Ends a session and removes what it kept; what it ran stays listed. */
        delete: operations["delete_sessions_session_id"];
        options?: never;
        head?: never;
        /** Renames a session, or grants it secrets. */
        patch: operations["patch_sessions_session_id"];
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/channel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Opens the channel of a session.
         * @description Commands are JSON: `{"id": 1, "type": "execute", "content": {"code": "1+1"}}`, with the types execute, interrupt, input,
         *     complete, inspect, is_complete, variables, comm_open, comm_msg and comm_close. Each is answered with `{"reply_to": 1, "content": ...}` or
         *     `{"reply_to": 1, "problem": ...}`. Everything else is events with numbers.
         */
        get: operations["get_sessions_session_id_channel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the session's checkpoints, the oldest first. */
        get: operations["get_sessions_session_id_checkpoints"];
        put?: never;
        /** Stores the state as it is, under a label. */
        post: operations["post_sessions_session_id_checkpoints"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a checkpoint. */
        get: operations["get_sessions_session_id_checkpoints_checkpoint_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Gives a checkpoint a label, changes it, or takes it away. One that has a label is kept as long as its session. */
        patch: operations["patch_sessions_session_id_checkpoints_checkpoint_id"];
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}/diff/{other_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compares the variables of two checkpoints. */
        get: operations["get_sessions_session_id_checkpoints_checkpoint_id_diff_other_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Goes back (or forth) to a checkpoint: variables and open files, not the contents of files. */
        post: operations["post_sessions_session_id_checkpoints_checkpoint_id_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Returns what could stand at the cursor: Jupyter's `complete_reply`. */
        post: operations["post_sessions_session_id_complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/execute": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs code in a session.
         * @description With `Prefer: respond-async` the answer is 202 and an execution id; with `Accept:
         *     application/x-ndjson` or `text/event-stream` the events come as they happen, and closing the
         *     request interrupts the cell. A Python exception is a result like any other.
         */
        post: operations["post_sessions_session_id_execute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/executions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists what a session ran, without outputs. */
        get: operations["get_sessions_session_id_executions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/executions/{execution_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows an execution with its outputs, as far as they are kept; of one that runs, those up to now. */
        get: operations["get_sessions_session_id_executions_execution_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/executions/{execution_id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings back the variables from before an execution; files stay as they are. */
        post: operations["post_sessions_session_id_executions_execution_id_undo"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes files of variables and figures. */
        post: operations["post_sessions_session_id_export"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/exports/{export_id}/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Downloads an exported file. */
        get: operations["get_sessions_session_id_exports_export_id_number"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Makes a second session in the state of this one, or many of them.
         * @description It is a session alone: `POST /notebooks/{id}/fork` makes a copy of a notebook with such a session.
         *
         *     A fork has its parent's image, policy, limits and project, and the same secrets are granted to it: `secrets` in the answer names
         *     them, and PATCH of the fork takes them away.
         */
        post: operations["post_sessions_session_id_fork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/hibernate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts the state to disk and frees the memory; the next request wakes it. */
        post: operations["post_sessions_session_id_hibernate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/input": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Answers the running cell's `input()`. */
        post: operations["post_sessions_session_id_input"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/inspect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Returns the documentation of what stands at the cursor: Jupyter's `inspect_reply`. */
        post: operations["post_sessions_session_id_inspect"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/interrupt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Interrupts the running cell. What waits behind it is not run. */
        post: operations["post_sessions_session_id_interrupt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/is_complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells whether code could be run as it is: Jupyter's `is_complete_reply`. */
        post: operations["post_sessions_session_id_is_complete"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begins anew from the image; what runs or waits is not finished. */
        post: operations["post_sessions_session_id_restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/tables/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a page of a DataFrame or Series, sorted and filtered. */
        get: operations["get_sessions_session_id_tables_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the variables. */
        get: operations["get_sessions_session_id_variables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/variables/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a variable. */
        get: operations["get_sessions_session_id_variables_name"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}/wake": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings the state into memory. */
        post: operations["post_sessions_session_id_wake"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells the service's version, how long it runs, and how many people it has. */
        get: operations["get_system"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the templates. */
        get: operations["get_templates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/templates/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows a template. */
        get: operations["get_templates_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/templates/{id}/render": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Returns the code of a template with values for its parameters. */
        post: operations["post_templates_id_render"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the tenants. */
        get: operations["get_tenants"];
        put?: never;
        /** Adds a tenant with its first admin, whose key is shown in this answer and never again. */
        post: operations["post_tenants"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a tenant. */
        get: operations["get_tenants_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Renames a tenant, suspends it, or lets it in again. Its live connections end within seconds. */
        patch: operations["patch_tenants_id"];
        trace?: never;
    };
    "/api/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes an upload. With tus the metadata `project_id` and `path` (or `filename`) say where the file goes. */
        post: operations["post_uploads"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns how far an upload is. */
        get: operations["get_uploads_id"];
        put?: never;
        post?: never;
        /** Gives an upload up. */
        delete: operations["delete_uploads_id"];
        options?: never;
        /** Returns how far an upload is. */
        head: operations["head_uploads_id"];
        /** Sends bytes. The last of them puts the file in its place. */
        patch: operations["patch_uploads_id"];
        trace?: never;
    };
    "/api/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells what the tenant uses now, and the fuel of its last days. */
        get: operations["get_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Lists the users of the tenant. */
        get: operations["get_users"];
        put?: never;
        /** Adds a user to the tenant. */
        post: operations["post_users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a user of the tenant. */
        get: operations["get_users_id"];
        put?: never;
        post?: never;
        /** Removes a user with all keys; what the user made stays with the tenant. */
        delete: operations["delete_users_id"];
        options?: never;
        head?: never;
        /** Changes a user. A tenant keeps at least one active admin. */
        patch: operations["patch_users_id"];
        trace?: never;
    };
    "/api/v1/users/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells who the caller is and what they may do. */
        get: operations["get_users_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Opens a WebSocket that tells what happens in the tenant: `session_status`, `execution_status`,
         *     `notebook_changed`, `project_created`, `project_changed`, `project_deleted`, `files_changed` and `quota_warning`.
         * @description Beside `type` and `content` an event has the ids of what it is about: `project_id`, `session_id`, `notebook_id`, `cell_id`,
         *     `execution_id`. The `paths` of `files_changed` are those at or below which something is new, different or gone, some at a time
         *     together and at most 50; of more, the folder in which they are, and an empty path for the whole project. It tells what is
         *     done over these addresses: what code writes is there when its `execution_status` is told, and the file of a notebook
         *     changes with `notebook_changed`.
         *
         *     Events are not kept: a client that comes (again) asks for the lists after the socket is open. One that is too slow for them
         *     is cut with the code 1013 and comes again.
         */
        get: operations["get_ws_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ws/notebooks/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Opens a WebSocket that tells everything that happens in a notebook: `notebook_status`,
         *     `execution_status`, `cell_changed`, `cells_moved`, `presence`, and every event of its executions.
         * @description A client that comes back with the number of the last event it saw misses nothing.
         */
        get: operations["get_ws_notebooks_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sends the bytes of a file, whole or a range of them. */
        get: operations["get_files_path"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells that the process lives. */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/kernelspecs/{name}/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns a picture of a kernel. */
        get: operations["get_kernelspecs_name_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives all metrics in Prometheus' text format. For the operator: they count all tenants' work. */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells whether work is taken now: the database answers and a worker is there. */
        get: operations["get_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description What a reader has seen. */
        Acknowledge: {
            reader: string;
            /**
             * Format: int64
             * @description The revision up to which it has seen all; by default the present one.
             */
            revision?: number | null;
        };
        /** @description That it is remembered what a reader has seen. */
        Acknowledged: {
            /**
             * Format: int64
             * @description The revision that the reader has acknowledged.
             */
            revision: number;
        };
        /**
         * @description What was done.
         * @enum {string}
         */
        Action: "sign_in" | "tenant_create" | "tenant_change" | "user_create" | "user_change" | "user_delete" | "key_create" | "key_rotate" | "key_revoke" | "quota_change" | "secret_set" | "secret_delete" | "secret_grant" | "execution" | "session_end" | "quarantine_lift";
        /** @description A cell that is to be added, and where: at the end, unless something is said. */
        AddCell: {
            /** @description The id of the cell behind which it is to stand; instead of `index`. */
            after?: string | null;
            cell_type?: components["schemas"]["CellKind"];
            /** @description The number it is to have, counted from 0. */
            index?: number | null;
            metadata?: Record<string, never>;
            /** @description At most 1 MiB. */
            source?: string;
        };
        /** @description What came to be. */
        Added: {
            items: components["schemas"]["Entry"][];
        };
        /** @description An API key, without its secret. */
        ApiKey: {
            created_at: string;
            expires_at?: string | null;
            id: components["schemas"]["KeyId"];
            /** @description Exact to a minute. */
            last_used_at?: string | null;
            name: string;
            /** @description What stands behind `cb_` in the key, and in the logs. */
            prefix: string;
            /** @description What the key is limited to; nothing for all that the user's role includes. */
            scopes?: components["schemas"]["Scope"][] | null;
            user_id: components["schemas"]["UserId"];
        };
        /** @description A record as the auditor reads it. */
        AuditRecord: {
            action: components["schemas"]["Action"];
            address?: string | null;
            checkpoint_id?: string | null;
            /** @description BLAKE3 of the code that was run. */
            code_hash?: string | null;
            /** Format: int64 */
            fuel?: number | null;
            key_prefix?: string | null;
            /** @description The record's MAC, which covers the record before. */
            mac: string;
            outcome: components["schemas"]["Outcome"];
            /**
             * Format: int64
             * @description Its place in the tenant's chain, from 1.
             */
            seq: number;
            session_id?: string | null;
            time: string;
            user_id?: string | null;
            what: string;
        };
        /**
         * @description Whether a result of the same code, inputs, image and policy may stand in for another run.
         * @enum {string}
         */
        CacheControl: "use" | "refresh" | "bypass";
        /** @description A cell. */
        Cell: {
            /** @description Files that text refers to as `attachment:name`, as nbformat has them. */
            attachments?: Record<string, never> | null;
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
            metadata: Record<string, never>;
            not_run?: components["schemas"]["NotRun"] | null;
            /** @description As nbformat has them. Large data stands in files that `metadata.cellblock.kept` names. */
            outputs: Record<string, never>[];
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
        /** @description What is to be changed of a cell; what is missing stays. */
        ChangeCell: {
            cell_type?: components["schemas"]["CellKind"] | null;
            /** @description Replaces all metadata of the cell. */
            metadata?: Record<string, never> | null;
            /**
             * Format: int64
             * @description The revision of the cell that the writer knows.
             */
            revision: number;
            /** @description At most 1 MiB. */
            source?: string | null;
        };
        /** @description A variable in two states. */
        Changed: {
            after: components["schemas"]["VariableView"];
            before: components["schemas"]["VariableView"];
            name: string;
        };
        /** @description What is to be changed of a notebook; what is missing stays. */
        ChangeNotebook: {
            /** @description Replaces all metadata of the notebook. */
            metadata?: Record<string, never> | null;
            /** @description Its file gets the same name, in the folder in which it is, unless a path is given. */
            name?: string | null;
            /** @description Where its file is to be, within the project. */
            path?: string | null;
        };
        /** @description A change of a session. What is left out stays. */
        ChangeSession: {
            /** @default null */
            name: string | null;
            /**
             * @description Names of the project's secrets that it is granted from now on, and no others. It has to rest, and is
             *     put to sleep; the next request wakes it.
             * @default null
             */
            secrets: string[] | null;
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
        /** @description Whose outputs are to go. */
        ClearOutputs: {
            /** @description Only this cell's; by default those of all. */
            cell_id?: string | null;
        };
        /** @description Code. */
        Code: {
            code: string;
        };
        /** @description Code, and where in it the cursor stands. */
        CodeAt: {
            code: string;
            /**
             * Format: int32
             * @description Counted in characters; at the end when nothing is given.
             */
            cursor_position?: number | null;
            /**
             * Format: int32
             * @description 1 adds the source, for `inspect`.
             */
            detail_level?: number;
        };
        /** @description Code, where in it the cursor stands, and the image whose modules count. */
        CodeInImage: {
            code: string;
            /**
             * Format: int32
             * @description Counted in characters; at the end when nothing is given.
             */
            cursor_position?: number | null;
            /**
             * Format: int32
             * @description 1 adds the source, for `inspect`.
             */
            detail_level?: number;
            /** @description By default the image of sessions that name none. */
            image?: string | null;
        };
        /** @description A column of a DataFrame. */
        ColumnView: {
            dtype: string;
            name: string;
        };
        /** @description A message to an object of a session, as Jupyter's comms have them. */
        CommRequest: {
            /** @description A comm opens. */
            content: components["schemas"]["Opening"];
            /** @enum {string} */
            type: "comm_open";
        } | {
            /** @description Something is said on it. */
            content: components["schemas"]["Saying"];
            /** @enum {string} */
            type: "comm_msg";
        } | {
            /** @description It closes. */
            content: components["schemas"]["Saying"];
            /** @enum {string} */
            type: "comm_close";
        };
        /**
         * @description How a content is written.
         * @enum {string}
         */
        ContentsFormat: "json" | "text" | "base64";
        /**
         * @description What something is.
         * @enum {string}
         */
        ContentsKind: "directory" | "file" | "notebook";
        /** @description A file, a notebook or a folder. */
        ContentsModel: {
            /** @description The text, the notebook or the list of models; null when it was not asked for. */
            content: unknown;
            created: string;
            format?: components["schemas"]["ContentsFormat"] | null;
            /** @description Of the file's bytes, when it was asked for. */
            hash?: string | null;
            hash_algorithm?: string | null;
            last_modified: string;
            mimetype?: string | null;
            name: string;
            path: string;
            /** Format: int64 */
            size?: number | null;
            type: components["schemas"]["ContentsKind"];
            writable: boolean;
        };
        /** @description What is to be made in a folder. */
        ContentsNew: {
            /** @description A file that is to be copied. */
            copy_from?: string | null;
            /** @description The ending of a file's name, with its dot. */
            ext?: string | null;
            type?: components["schemas"]["ContentsKind"] | null;
        };
        /** @description Where something is moved to. */
        ContentsRename: {
            /** @description The path that it gets. */
            path: string;
        };
        /** @description What is to be written. Clients send the whole model; what it says besides is not looked at. */
        ContentsSave: {
            /**
             * Format: int64
             * @description The number of a part of a file that comes in parts, from 1; -1 for the last one.
             */
            chunk?: number | null;
            /** @description The text, or the notebook. */
            content?: unknown;
            format?: components["schemas"]["ContentsFormat"] | null;
            type?: components["schemas"]["ContentsKind"] | null;
        };
        /** @description What a model is told of a notebook. */
        Context: {
            cells: components["schemas"]["ContextCell"][];
            /** @description Cells that had no place in the budget: those that changed longest ago. */
            cells_left_out: number;
            last_error?: components["schemas"]["ContextError"] | null;
            name: string;
            /** Format: int64 */
            revision: number;
            /** @description About how many tokens it takes, at four bytes a token. */
            tokens: number;
            /** @description What the session knows now, as far as it is awake; at most 100. */
            variables: components["schemas"]["ContextVariable"][];
        };
        /** @description A cell as a model is told of it. */
        ContextCell: {
            cell_id: string;
            cell_type: components["schemas"]["CellKind"];
            /** Format: int64 */
            execution_count?: number | null;
            /** @description Its place in the notebook, counted from 0. */
            index: number;
            isUpdate?: boolean | null;
            /** @description What it shows, as text. */
            outputs: string[];
            /** Format: int64 */
            revision: number;
            running: boolean;
            /** @description Something of it was left out. */
            shortened: boolean;
            source: string;
            stale: boolean;
        };
        /** @description An error that a cell showed. */
        ContextError: {
            cell_id: string;
            message: string;
            name: string;
        };
        /** @description A variable as a model is told of it. */
        ContextVariable: {
            name: string;
            preview: string;
            shape?: number[] | null;
            type: string;
        };
        /** @description What a new notebook is to be. */
        CreateNotebook: {
            cells?: components["schemas"]["NewCell"][] | null;
            /** @description By default what its file is called, and "Untitled" when none is given. */
            name?: string | null;
            /**
             * @description Its file, within the project; by default as the name says. Without `cells`, a notebook that
             *     is there already is opened where it is: written no earlier than with its first edit, and the same one
             *     every time.
             */
            path?: string | null;
            project_id?: components["schemas"]["ProjectId"] | null;
        };
        /** @description How a new session shall be. Everything may be left out. */
        CreateSession: {
            /**
             * @description The image to start from; `GET /images` lists them.
             * @default null
             */
            image: string | null;
            /**
             * @description Limits by name, as `{"memory": "512 MiB"}`; never beyond the service's own.
             * @default {}
             */
            limits: {
                [key: string]: string;
            };
            /** @default null */
            name: string | null;
            /**
             * @description A policy within the service's own: untrusted, notebook, workflow, trusted.
             * @default null
             */
            policy: string | null;
            /** @default null */
            project_id: components["schemas"]["ProjectId"] | null;
            /**
             * @description Names of the project's secrets that the session's code may ask for, with `tools.secret("NAME")`.
             * @default []
             */
            secrets: string[];
        };
        /** @description The fuel of one UTC day. */
        DayOfFuel: {
            /** @example 2026-01-31 */
            day: string;
            /** Format: int64 */
            fuel: number;
        };
        /** @description A remark about a place in code. */
        DiagnosticView: {
            code: string;
            /** Format: int64 */
            column: number;
            /**
             * Format: int64
             * @description From 1.
             */
            line: number;
            message: string;
            /** @description pyflakes or pycodestyle. */
            source: string;
        };
        /** @description How the variables of two states differ. */
        Difference: {
            /** @description Only in the second. */
            added: components["schemas"]["VariableView"][];
            /** @description In both, with another type, shape, size or preview. */
            changed: components["schemas"]["Changed"][];
            /** @description Only in the first. */
            removed: components["schemas"]["VariableView"][];
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
        /** @description An environment. */
        Environment: {
            /** @description RFC 3339, UTC. */
            created_at: string;
            id: string;
            /** @description The image of its kernels. */
            image: string;
            name: string;
            project_id: string;
        };
        /** @description What is to be changed of an environment. */
        EnvironmentChange: {
            image?: string | null;
            name?: string | null;
        };
        /** @description Code to run in a session. */
        Execute: {
            /** @description `input()` may ask; answer with `/input` or over the channel. */
            allow_stdin?: boolean;
            /** @description The cell that it is from, as the caller names it. */
            cell_id?: string | null;
            code: string;
            priority?: components["schemas"]["Priority"];
            /** @description Run without outputs, history or a count. */
            silent?: boolean;
            store_history?: boolean;
        };
        /** @description What is to be run: a cell, several cells, or code that belongs to no cell. */
        ExecuteNotebook: {
            cell_id?: string | null;
            code?: string | null;
            /**
             * Format: int64
             * @description The revision of the cell that the writer of `source` knows.
             */
            revision?: number | null;
            /**
             * @description What the cell is to have as its source before it runs: saving and running at once, for a cell alone. At
             *     most 1 MiB.
             */
            source?: string | null;
            which?: components["schemas"]["Which"] | null;
        };
        /** @description Code to run once. */
        ExecuteOnce: {
            cache?: components["schemas"]["CacheControl"];
            code: string;
            /** @description Variables to begin with: each a list of rows (objects) or an object of columns (lists), made a DataFrame. */
            datasets?: Record<string, never>;
            /** @description Variables to return as files. */
            exports?: components["schemas"]["ExportVariable"][];
            /** @description Files in the working folder, when that is no project's. */
            files?: components["schemas"]["FileBody"][];
            image?: string | null;
            /** @description Limits by name, as `{"memory": "512 MiB"}`. */
            limits?: {
                [key: string]: string;
            };
            policy?: string | null;
            priority?: components["schemas"]["Priority"];
            project_id?: components["schemas"]["ProjectId"] | null;
            /** @description Names of the project's secrets that the code may ask for, with `tools.secret("NAME")`. */
            secrets?: string[];
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
            error?: Record<string, never> | null;
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
            outputs?: Record<string, never>[] | null;
            started_at?: string | null;
            /**
             * @description `success`, `error` (Python raised), `limit` (a limit was reached), `interrupted`, `killed` (undone), `lost` (undone with its
             *     worker), `queued` or `running`.
             */
            status: string;
            /** @description Everything readable in the outputs, one after the other. Not there in lists. */
            text?: string | null;
            usage?: Record<string, never> | null;
        };
        /** @description What to export. One of the two, or both. */
        ExportBody: {
            figures?: components["schemas"]["FigureFormat"] | null;
            format?: components["schemas"]["VariableFormat"] | null;
            formulas?: components["schemas"]["FormulaText"];
            variables?: string[];
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
        /** @description A variable to return. */
        ExportVariable: {
            format: components["schemas"]["VariableFormat"];
            formulas?: components["schemas"]["FormulaText"];
            variable: string;
        };
        /** @description A field of a request that is wrong. */
        FieldError: {
            /** @description The field, as a path such as `limits.memory`. */
            field: string;
            /** @description What is wrong with it and what is allowed. */
            message: string;
        };
        /**
         * @description Formats of exported figures.
         * @enum {string}
         */
        FigureFormat: "png" | "svg" | "pdf";
        /** @description A file, with its content or the id of a finished upload. */
        FileBody: {
            /** @description Its text. */
            content?: string | null;
            /** @description Its bytes in base64. */
            content_base64?: string | null;
            /** @description Relative to the working folder. */
            path: string;
            upload_id?: components["schemas"]["UploadId"] | null;
        };
        /** @description A checkpoint of a file. */
        FileCheckpoint: {
            id: string;
            last_modified: string;
        };
        /** @description Files that a form brings; each part has a file name, which may be a path inside the folder. */
        FileForm: {
            file: string[];
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
        /** @description The fork, or the list of forks when a count was given. */
        Forked: components["schemas"]["SessionView"] | {
            items: components["schemas"]["SessionView"][];
        };
        /** @description How the copy of a notebook is to be. */
        ForkNotebook: {
            /**
             * @description A checkpoint of the notebook's session; its present state when nothing is given.
             * @default null
             */
            checkpoint_id: string | null;
            /**
             * @description By default the notebook's own with `(fork)` behind it, with a number in it where that is taken.
             * @default null
             */
            name: string | null;
        };
        /** @description What a fork begins with. */
        ForkSession: {
            /**
             * @description A checkpoint of the session; its present state when nothing is given. While a cell runs, that
             *     is the state before it.
             * @default null
             */
            checkpoint_id: string | null;
            /**
             * Format: int32
             * @description How many forks to make, all or none; with it the answer is a list, and their names have numbers. The
             *     operator may allow fewer (`sessions.forks`).
             * @default null
             */
            count: number | null;
            /** @default null */
            name: string | null;
        };
        /** @description Formatted code. */
        Formatted: {
            code: string;
        };
        /**
         * @description What becomes of text in CSV that a spreadsheet would run as a formula: text that begins with `=`, `+`, `-`,
         *     `@`, a tab or a line's end and is no number. In the other formats text is text.
         * @enum {string}
         */
        FormulaText: "escape" | "keep";
        /** @description What is to be had at a path: what lies there, or the checkpoints of a file. */
        GotContents: components["schemas"]["ContentsModel"] | components["schemas"]["FileCheckpoint"][];
        /** @description How long a tenant's chain is, signed. */
        Head: {
            /** @description The last record's MAC. */
            mac: string;
            /**
             * Format: int64
             * @description The last record's place.
             */
            seq: number;
            signature: string;
        };
        /** @description That the service lives. */
        Health: {
            status: string;
            version: string;
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
        /** @description A notebook to be imported, as a form. */
        ImportForm: {
            /**
             * Format: binary
             * @description The file; the ending of its name says what it is: .ipynb, .py or .md.
             */
            file: string;
            /** @description By default the file's own name. */
            name?: string | null;
            path?: string | null;
            /** Format: uuid */
            project_id?: string | null;
        };
        /**
         * @description What can be made into a notebook.
         * @enum {string}
         */
        ImportFormat: "ipynb" | "py" | "md";
        /** @description A notebook to be imported. */
        ImportNotebook: {
            /** @description The file's text, or for `ipynb` the notebook itself. */
            content: unknown;
            format: components["schemas"]["ImportFormat"];
            name: string;
            /** @description Where its file is to be, within the project; by default as the name says. */
            path?: string | null;
            project_id?: components["schemas"]["ProjectId"] | null;
        };
        /** @description The answer to a cell's `input()`. */
        Input: {
            /** @description The line, without its end; `null` when nobody will answer, which raises `EOFError`. */
            value?: string | null;
        };
        /** @description A key with its text, which is shown this once. */
        IssuedKey: components["schemas"]["ApiKey"] & {
            /**
             * @description The key itself. It is not kept: who loses it has the key rotated.
             * @example cb_0123456789ab_0123456789abcdef0123456789abcdef0123456789abcdef
             */
            secret: string;
        };
        /** @description A kernel. */
        KernelView: {
            connections: number;
            execution_state: string;
            id: string;
            last_activity: string;
            /** @description The image. */
            name: string;
        };
        /**
         * Format: uuid
         * @description An API key.
         */
        KeyId: string;
        /** @description A key to be made. */
        KeyRequest: {
            /**
             * Format: date-time
             * @description When it ends; it does not if this is not said.
             */
            expires_at?: string | null;
            /** @description What it is for. */
            name: components["schemas"]["Name"];
            /** @description What it is limited to; nothing for all that the user's role includes. */
            scopes?: components["schemas"]["Scope"][] | null;
            user_id?: components["schemas"]["UserId"] | null;
        };
        /**
         * @description What something in a folder is.
         * @enum {string}
         */
        Kind: "file" | "folder" | "link" | "other";
        /** @description The revision that a writer knows. */
        KnownRevision: {
            /**
             * Format: int64
             * @description The revision of the cell that the writer knows.
             */
            revision: number;
        };
        /** @description What a checkpoint is to be called from now on. */
        LabelCheckpoint: {
            /** @description `null` takes the label away; then the checkpoint goes when newer ones without a label are too many. */
            label: string | null;
        };
        /**
         * @description What a JupyterLab does.
         * @enum {string}
         */
        LabState: "stopped" | "installing" | "starting" | "running" | "failed";
        /** @description The JupyterLab of an environment. */
        LabView: {
            /** @description Where its pages are, once it runs: a path of this service. */
            address?: string | null;
            /** @description What is being done, or why it failed and what to do. */
            message: string;
            /**
             * Format: int32
             * @description How often it was started again by itself.
             */
            restarts: number;
            state: components["schemas"]["LabState"];
            /** @description What of its confinement this machine does not hold. */
            warnings: string[];
        };
        /** @description What a tenant may use. */
        Limits: {
            /** Format: int64 */
            cells_at_once: number;
            /**
             * Format: int64
             * @description Bytes.
             */
            disk: number;
            /** Format: int64 */
            fuel_per_day: number;
            /**
             * Format: int64
             * @description Bytes.
             */
            memory: number;
            /** Format: int64 */
            sessions: number;
        };
        /** @description What pyflakes and pycodestyle say. */
        Linted: {
            diagnostics: components["schemas"]["DiagnosticView"][];
        };
        /** @description What is made at a path: something new, or a checkpoint. */
        MadeContents: components["schemas"]["ContentsModel"] | components["schemas"]["FileCheckpoint"];
        /** @description Who the caller is. */
        Me: {
            key_id?: components["schemas"]["KeyId"] | null;
            role: components["schemas"]["Role"];
            /** @description What the key is limited to; nothing for all that the role includes. */
            scopes?: components["schemas"]["Scope"][] | null;
            tenant_id: components["schemas"]["TenantId"];
            user_id: components["schemas"]["UserId"];
        };
        /** @description Events that are no longer kept, by their numbers. */
        Missing: {
            /** Format: int64 */
            first: number;
            /** Format: int64 */
            last: number;
        };
        /** @description Where something is moved to. */
        Move: {
            /** @description A file may take another file's place. */
            replace?: boolean;
            /** @description The path that it gets. */
            to: string;
        };
        /** @description Where a cell is to go. */
        MoveCell: {
            /** @description The number it is to have, counted from 0. */
            index: number;
            /**
             * Format: int64
             * @description The revision of the cell that the writer knows.
             */
            revision: number;
        };
        /**
         * @description A name of 1 to 64 characters: no control characters, none that turn the direction of text
         *     around, no blanks at its ends.
         * @example ada
         */
        Name: string;
        /** @description A cell that is to be added. */
        NewCell: {
            cell_type?: components["schemas"]["CellKind"];
            metadata?: Record<string, never>;
            /** @description At most 1 MiB. */
            source?: string;
        };
        /** @description What is remembered of a new checkpoint. */
        NewCheckpoint: {
            /** @default null */
            label: string | null;
        };
        /** @description An environment that is to be made. */
        NewEnvironment: {
            /** @description The image of its kernels; by default that of all sessions. */
            image?: string | null;
            name: string;
            project_id?: components["schemas"]["ProjectId"] | null;
        };
        /** @description A project that is to be made. */
        NewProject: {
            /** @description What it is for. */
            description?: string;
            /** @description Another for each project of the tenant; without control characters or spaces at its ends. */
            name: string;
        };
        /** @description A new tenant, its first admin, and the key that admin begins with. */
        NewTenant: {
            admin: components["schemas"]["User"];
            key: components["schemas"]["IssuedKey"];
            tenant: components["schemas"]["Tenant"];
        };
        /** @description A notebook. */
        NotebookAnswer: components["schemas"]["NotebookSummary"] & {
            can_redo: boolean;
            can_undo: boolean;
            cells: components["schemas"]["CellView"][];
            metadata: Record<string, never>;
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
        /** @description A notebook, as older clients name it. */
        OldDocument: {
            name?: string | null;
            path?: string | null;
        };
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
            error?: Record<string, never> | null;
            exports: components["schemas"]["OnceFile"][];
            /** @description What looks suspicious in the code (`sessions.suspicious_code`). */
            findings: components["schemas"]["Finding"][];
            /** @description As nbformat 4.5 has them. */
            outputs: Record<string, never>[];
            /** @description `success`, `error`, `limit`, `interrupted`, `killed` or `lost`. */
            status: string;
            /** @description Everything readable in the outputs, one after the other. */
            text: string;
            usage: Record<string, never>;
        };
        /** @description What is to be opened, or how it is to be from now on. */
        OpenDocument: {
            kernel?: components["schemas"]["WantedKernel"] | null;
            name?: string | null;
            notebook?: components["schemas"]["OldDocument"] | null;
            /** @description Where it is. */
            path?: string | null;
            /** @description What it is: `notebook`, `console`, `file`. */
            type?: string | null;
        };
        /** @description The beginning of a comm. */
        Opening: {
            /** @description Binary parts, in Base64. */
            buffers?: string[];
            comm_id: string;
            data?: Record<string, never>;
            metadata?: Record<string, never>;
            /** @description What in the session it is for. */
            target_name: string;
        };
        /** @description A document that is open. */
        OpenView: {
            id: string;
            kernel: components["schemas"]["KernelView"];
            name: string;
            notebook: components["schemas"]["OldDocument"];
            path: string;
            type: string;
        };
        /**
         * @description How it ended. What changes something is recorded before it is done, and again after.
         * @enum {string}
         */
        Outcome: "asked" | "done" | "refused" | "ok" | "error" | "interrupted" | "limit" | "killed" | "lost";
        /** @description A page of a list. */
        Page_ApiKey: {
            items: {
                created_at: string;
                expires_at?: string | null;
                id: components["schemas"]["KeyId"];
                /** @description Exact to a minute. */
                last_used_at?: string | null;
                name: string;
                /** @description What stands behind `cb_` in the key, and in the logs. */
                prefix: string;
                /** @description What the key is limited to; nothing for all that the user's role includes. */
                scopes?: components["schemas"]["Scope"][] | null;
                user_id: components["schemas"]["UserId"];
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_AuditRecord: {
            items: {
                action: components["schemas"]["Action"];
                address?: string | null;
                checkpoint_id?: string | null;
                /** @description BLAKE3 of the code that was run. */
                code_hash?: string | null;
                /** Format: int64 */
                fuel?: number | null;
                key_prefix?: string | null;
                /** @description The record's MAC, which covers the record before. */
                mac: string;
                outcome: components["schemas"]["Outcome"];
                /**
                 * Format: int64
                 * @description Its place in the tenant's chain, from 1.
                 */
                seq: number;
                session_id?: string | null;
                time: string;
                user_id?: string | null;
                what: string;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_CellView: {
            items: (components["schemas"]["Cell"] & {
                /** @description It changed since the reader who asks acknowledged; only there when a reader is named. */
                isUpdate?: boolean | null;
                /** @description It runs or waits to run. */
                running: boolean;
                /** @description It was edited since it ran, or a cell above it ran later. */
                stale: boolean;
            })[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_CheckpointView: {
            items: {
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
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_Entry: {
            items: {
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
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_Environment: {
            items: {
                /** @description RFC 3339, UTC. */
                created_at: string;
                id: string;
                /** @description The image of its kernels. */
                image: string;
                name: string;
                project_id: string;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_ExecutionView: {
            items: {
                cell_id?: string | null;
                checkpoint_after?: string | null;
                /** @description The state before it; nothing for the image's own. */
                checkpoint_before?: string | null;
                code?: string | null;
                created_at?: string | null;
                error?: Record<string, never> | null;
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
                outputs?: Record<string, never>[] | null;
                started_at?: string | null;
                /**
                 * @description `success`, `error` (Python raised), `limit` (a limit was reached), `interrupted`, `killed` (undone), `lost` (undone with its
                 *     worker), `queued` or `running`.
                 */
                status: string;
                /** @description Everything readable in the outputs, one after the other. Not there in lists. */
                text?: string | null;
                usage?: Record<string, never> | null;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_NotebookSummary: {
            items: {
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
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_Project: {
            items: {
                /** @description RFC 3339, UTC. */
                created_at: string;
                description: string;
                id: string;
                /** @description When its name or description was changed last. */
                modified_at: string;
                name: string;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_Quarantined: {
            items: {
                /** @description BLAKE3 of the code, as the audit log has it. */
                code_hash: string;
                /** @description When one did last; RFC 3339, UTC. */
                last_at: string;
                /** @description The session in which it ran then. */
                session_id?: string | null;
                /**
                 * Format: int64
                 * @description Worker processes that ended while they ran it and nothing else.
                 */
                strikes: number;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_SecretView: {
            items: {
                created_at: string;
                /** @description When its value was set last. */
                modified_at: string;
                name: string;
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_SessionView: {
            items: {
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
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_Tenant: {
            items: {
                created_at: string;
                id: components["schemas"]["TenantId"];
                name: string;
                standing: components["schemas"]["Standing"];
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /** @description A page of a list. */
        Page_User: {
            items: {
                created_at: string;
                id: components["schemas"]["UserId"];
                name: string;
                role: components["schemas"]["Role"];
                standing: components["schemas"]["Standing"];
            }[];
            /** @description What `after` has to be for the next page; nothing on the last. */
            next?: string | null;
        };
        /**
         * @description A suspicious pattern.
         * @enum {string}
         */
        Pattern: "sandbox_walk" | "native_code" | "process" | "network" | "hidden_code" | "miner";
        /**
         * @description How urgent an execution is.
         * @enum {string}
         */
        Priority: "high" | "normal" | "low";
        /** @description The body of every refusal (`application/problem+json`). */
        Problem: {
            /**
             * Format: int32
             * @description Five digits: module, kind, count.
             */
            code: number;
            /** @description The same as `message`, under the name that RFC 9457 has. */
            detail: string;
            details: Record<string, never>;
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
        /** @description What is to be changed of a project. */
        ProjectChange: {
            description?: string | null;
            name?: string | null;
        };
        /**
         * Format: uuid
         * @description A project: a folder of files and notebooks.
         */
        ProjectId: string;
        /** @description Code that is not run again. */
        Quarantined: {
            /** @description BLAKE3 of the code, as the audit log has it. */
            code_hash: string;
            /** @description When one did last; RFC 3339, UTC. */
            last_at: string;
            /** @description The session in which it ran then. */
            session_id?: string | null;
            /**
             * Format: int64
             * @description Worker processes that ended while they ran it and nothing else.
             */
            strikes: number;
        };
        /** @description A change of what a tenant may use. What is left out stays; `null` is as the service is configured. */
        QuotaChange: {
            /**
             * Format: int64
             * @description Cells that run at the same time.
             */
            cells_at_once?: number | null;
            /**
             * Format: int64
             * @description Bytes of files and checkpoints.
             */
            disk?: number | null;
            /**
             * Format: int64
             * @description Fuel in a UTC day.
             */
            fuel_per_day?: number | null;
            /**
             * Format: int64
             * @description Bytes of memory of sessions that are awake.
             */
            memory?: number | null;
            /**
             * Format: int64
             * @description Sessions that exist, awake or not.
             */
            sessions?: number | null;
            tenant_id?: components["schemas"]["TenantId"] | null;
        };
        /** @description All that a tenant may use. What is not named is as the service is configured. */
        QuotaRequest: {
            /**
             * Format: int64
             * @description Cells that run at the same time.
             */
            cells_at_once?: number | null;
            /**
             * Format: int64
             * @description Bytes of files and checkpoints.
             */
            disk?: number | null;
            /**
             * Format: int64
             * @description Fuel in a UTC day.
             */
            fuel_per_day?: number | null;
            /**
             * Format: int64
             * @description Bytes of memory of sessions that are awake.
             */
            memory?: number | null;
            /**
             * Format: int64
             * @description Sessions that exist, awake or not.
             */
            sessions?: number | null;
            tenant_id?: components["schemas"]["TenantId"] | null;
        };
        /** @description Values of a template's parameters. */
        RenderBody: {
            /** @description By name; what is left out is as the template has it. */
            parameters?: Record<string, never>;
        };
        /** @description A template with its parameters put in. */
        Rendered: {
            cells: components["schemas"]["RenderedCell"][];
            /** @description All cells as one, for `/execute`. */
            code: string;
        };
        /** @description A cell that can be added to a notebook. */
        RenderedCell: {
            cell_type: string;
            source: string;
        };
        /**
         * @description Something a tenant may use so much of.
         * @enum {string}
         */
        Resource: "sessions" | "cells_at_once" | "memory" | "disk" | "fuel_per_day";
        /**
         * @description What a user is to the tenant.
         * @enum {string}
         */
        Role: "admin" | "member" | "auditor" | "viewer";
        /** @description What is said on a comm. */
        Saying: {
            /** @description Binary parts, in Base64. */
            buffers?: string[];
            comm_id: string;
            data?: Record<string, never>;
            metadata?: Record<string, never>;
        };
        /**
         * @description What a request needs, and what an API key may be limited to.
         * @enum {string}
         */
        Scope: "read" | "write" | "run" | "audit" | "admin";
        /** @description The value of a secret. */
        SecretBody: {
            /** @description 8 to 16384 bytes. It is not shown again. */
            value: string;
        };
        /** @description A secret as it is listed: without its value. */
        SecretView: {
            created_at: string;
            /** @description When its value was set last. */
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
        /** @description The two parts of a cell that was split. */
        SplitAnswer: {
            first: components["schemas"]["CellView"];
            second: components["schemas"]["CellView"];
        };
        /** @description Where a cell is to be split. */
        SplitCell: {
            /** @description The number of the character with which the second part begins, counted from 0. */
            at: number;
            /**
             * Format: int64
             * @description The revision of the cell that the writer knows.
             */
            revision: number;
        };
        /**
         * @description Whether a user or a tenant may come in.
         * @enum {string}
         */
        Standing: "active" | "suspended";
        /** @description What kernel to start. */
        StartKernel: {
            /** @description Environment variables of the client's machine. None reaches the session. */
            env?: Record<string, never> | null;
            /**
             * @description The image.
             * @default null
             */
            name: string | null;
            /**
             * @description The notebook that it is for.
             * @default null
             */
            path: string | null;
        };
        /** @description How a JupyterLab is to be started. */
        StartLab: {
            /** @description What its pages ask for, besides that the caller is known here; by default nothing. */
            password?: string | null;
            /** @description Names on PyPI of extensions, of those that the operator allows. */
            plugins?: string[];
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
        /** @description A short account of the service. */
        System: {
            /**
             * Format: int64
             * @description API keys of the caller's tenant.
             */
            keys: number;
            /**
             * Format: int64
             * @description Tenants of the service; shown to the operator alone.
             */
            tenants?: number | null;
            /** Format: int64 */
            uptime_seconds: number;
            /**
             * Format: int64
             * @description Users of the caller's tenant.
             */
            users: number;
            version: string;
        };
        /** @description A page of a DataFrame or Series. */
        TableView: {
            columns: components["schemas"]["ColumnView"][];
            /** Format: int64 */
            filtered_rows: number;
            /** @description The labels of the rows. */
            index: Record<string, never>[];
            rows: Record<string, never>[][];
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
        /** @description A template. */
        Template: {
            cells: components["schemas"]["TemplateCell"][];
            description: components["schemas"]["TemplateText"];
            id: string;
            parameters: components["schemas"]["TemplateParameter"][];
            title: components["schemas"]["TemplateText"];
        };
        /** @description A cell of a template. */
        TemplateCell: {
            /** @description Python, in which `$name` stands for the parameter of that name. */
            code: string;
        };
        /** @description A parameter of a template. */
        TemplateParameter: {
            choices?: string[];
            /** @description Its value when none is given. */
            default: unknown;
            kind: components["schemas"]["TemplateParameterKind"];
            /** Format: double */
            maximum?: number | null;
            /** Format: double */
            minimum?: number | null;
            name: string;
            title: components["schemas"]["TemplateText"];
        };
        /**
         * @description What a parameter is.
         * @enum {string}
         */
        TemplateParameterKind: "variable" | "text" | "texts" | "integer" | "number" | "boolean" | "choice";
        /** @description A text in the languages that there are. */
        TemplateText: {
            en: string;
            zh: string;
        };
        /** @description A tenant: whose rows, files and limits they are. */
        Tenant: {
            created_at: string;
            id: components["schemas"]["TenantId"];
            name: string;
            standing: components["schemas"]["Standing"];
        };
        /**
         * Format: uuid
         * @description A tenant: whose rows, files and limits they are.
         */
        TenantId: string;
        /** @description What to change of a tenant; what is not named stays. */
        TenantPatch: {
            name?: components["schemas"]["Name"] | null;
            standing?: components["schemas"]["Standing"] | null;
        };
        /** @description A tenant to be added. */
        TenantRequest: {
            /** @description The name of its first admin. */
            admin: components["schemas"]["Name"];
            /** @description No other tenant has this name. */
            name: components["schemas"]["Name"];
        };
        /** @description What changed since a reader acknowledged. */
        Updates: {
            /**
             * Format: int64
             * @description What to acknowledge when all of this was seen.
             */
            revision: number;
            updated_cells: components["schemas"]["CellView"][];
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
         * Format: uuid
         * @description A resumable upload.
         */
        UploadId: string;
        /** @description An upload that is to be made, for clients that do not speak tus. */
        UploadRequest: {
            /**
             * Format: int64
             * @description Bytes of the whole file.
             */
            length: number;
            /** @description The path in the project. */
            path?: string | null;
            /**
             * Format: uuid
             * @description The project that the file goes to; nothing for a file that an execution is to take.
             */
            project_id?: string | null;
        };
        /**
         * @description How far an upload is.
         * @enum {string}
         */
        UploadState: "open" | "finished" | "placed";
        /** @description What a tenant uses. */
        Usage: {
            /** @description The last 31 days on which fuel was used, the newest first. */
            days: components["schemas"]["DayOfFuel"][];
            now: components["schemas"]["Used"][];
        };
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
        /** @description How much of one thing a tenant uses. */
        Used: {
            /** Format: int64 */
            limit: number;
            resource: components["schemas"]["Resource"];
            /** Format: int64 */
            used: number;
        };
        /** @description A user of a tenant. */
        User: {
            created_at: string;
            id: components["schemas"]["UserId"];
            name: string;
            role: components["schemas"]["Role"];
            standing: components["schemas"]["Standing"];
        };
        /**
         * Format: uuid
         * @description A user of a tenant.
         */
        UserId: string;
        /** @description What to change of a user; what is not named stays. */
        UserPatch: {
            name?: components["schemas"]["Name"] | null;
            role?: components["schemas"]["Role"] | null;
            standing?: components["schemas"]["Standing"] | null;
        };
        /** @description A user to be added. */
        UserRequest: {
            /** @description No other user of the tenant has this name. */
            name: components["schemas"]["Name"];
            role: components["schemas"]["Role"];
        };
        /**
         * @description Formats of exported variables.
         * @enum {string}
         */
        VariableFormat: "csv" | "xlsx" | "json" | "parquet" | "feather" | "npy" | "pickle";
        /** @description All variables of a session. */
        Variables: {
            variables: components["schemas"]["VariableView"][];
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
        /** @description The kernel of a document: one that is there, or a new one. */
        WantedKernel: {
            id?: string | null;
            /** @description The image of a new one. */
            name?: string | null;
        };
        /**
         * @description Several cells of a notebook.
         * @enum {string}
         */
        Which: "all" | "above" | "below" | "stale";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_api: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_api_contents: {
        parameters: {
            query?: {
                /** @description 0 to leave the content out. */
                content?: number;
                /** @description How the content of a file is to be written. */
                format?: "json" | "text" | "base64";
                /** @description 1 for the SHA-256 of a file. */
                hash?: number;
                /** @description What it must be. */
                type?: "directory" | "file" | "notebook";
            };
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentsModel"];
                };
            };
        };
    };
    post_api_contents: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ContentsNew"] | null;
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentsModel"];
                };
            };
        };
    };
    get_api_contents_path: {
        parameters: {
            query?: {
                /** @description 0 to leave the content out. */
                content?: number;
                /** @description How the content of a file is to be written. */
                format?: "json" | "text" | "base64";
                /** @description 1 for the SHA-256 of a file. */
                hash?: number;
                /** @description What it must be. */
                type?: "directory" | "file" | "notebook";
            };
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                /** @description Of a file, for its checkpoints with `/checkpoints` behind it */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GotContents"];
                };
            };
        };
    };
    put_api_contents_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContentsSave"];
            };
        };
        responses: {
            /** @description It was there, and is as sent now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentsModel"];
                };
            };
            /** @description It is made */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentsModel"];
                };
            };
        };
    };
    post_api_contents_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                /** @description Of a folder; of a file with `/checkpoints` behind it, or `/checkpoints/{id}` */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ContentsNew"] | null;
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeContents"];
                };
            };
            /** @description The file is as it was at the checkpoint */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_api_contents_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                /** @description Of a checkpoint, the file's with `/checkpoints/{id}` behind it */
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_api_contents_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ContentsRename"];
            };
        };
        responses: {
            /** @description It is there now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ContentsModel"];
                };
            };
        };
    };
    get_api_kernels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelView"][];
                };
            };
        };
    };
    post_api_kernels: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project that is its home; by default it has none */
                "X-Project-Id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["StartKernel"] | null;
            };
        };
        responses: {
            /** @description It is there */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelView"];
                };
            };
        };
    };
    get_api_kernels_kernel_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                kernel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelView"];
                };
            };
        };
    };
    delete_api_kernels_kernel_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                kernel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_api_kernels_kernel_id_channels: {
        parameters: {
            query?: {
                /** @description The name that the client gave itself. */
                session_id?: string;
            };
            header?: never;
            path: {
                /** @description The session */
                kernel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    post_api_kernels_kernel_id_interrupt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                kernel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is told */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_api_kernels_kernel_id_restart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                kernel_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is new */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KernelView"];
                };
            };
        };
    };
    get_api_kernelspecs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_api_kernelspecs_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The image */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_api_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_api_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenView"][];
                };
            };
        };
    };
    post_api_sessions: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project it lies in; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenDocument"];
            };
        };
        responses: {
            /** @description It is open */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenView"];
                };
            };
        };
    };
    get_api_sessions_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenView"];
                };
            };
        };
    };
    delete_api_sessions_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The session */
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is closed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_api_sessions_session: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project it lies in; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                /** @description The session */
                session: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OpenDocument"];
            };
        };
        responses: {
            /** @description It as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenView"];
                };
            };
        };
    };
    get_api_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_audit: {
        parameters: {
            query?: {
                /** @description Only this action. */
                action?: components["schemas"]["Action"];
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000; 50 if it is not said. */
                limit?: number;
                /** @description Only records of this time or later. */
                since?: string;
                /** @description Only records before this time. */
                until?: string;
                /** @description Only what this user did. */
                user_id?: components["schemas"]["UserId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditRecord"];
                };
            };
        };
    };
    get_audit_head: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last record's place, signed; null without records */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Head"] | null;
                };
            };
        };
    };
    post_complete: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeInImage"];
            };
        };
        responses: {
            /** @description Jupyter's `complete_reply` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_environments: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of environments */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Environment"];
                };
            };
        };
    };
    post_environments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewEnvironment"];
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description The environment's address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    get_environments_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The environment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    delete_environments_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_environments_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnvironmentChange"];
            };
        };
        responses: {
            /** @description The environment as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Environment"];
                };
            };
        };
    };
    get_environments_id_jupyter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabView"];
                };
            };
        };
    };
    post_environments_id_jupyter_start: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartLab"];
            };
        };
        responses: {
            /** @description It is being installed or started */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabView"];
                };
            };
        };
    };
    post_environments_id_jupyter_stop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does not run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LabView"];
                };
            };
        };
    };
    get_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, each as JSON */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
    post_execute: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteOnce"];
            };
        };
        responses: {
            /** @description It has ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OnceView"];
                    "application/x-ndjson": string;
                    "text/event-stream": string;
                };
            };
        };
    };
    post_format: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Code"];
            };
        };
        responses: {
            /** @description The code, formatted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Formatted"];
                };
            };
        };
    };
    get_images: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ImageView"][];
                };
            };
        };
    };
    post_inspect: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeInImage"];
            };
        };
        responses: {
            /** @description Jupyter's `inspect_reply` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    get_keys: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000; 50 if it is not said. */
                limit?: number;
                /** @description Only keys of this user. */
                user_id?: components["schemas"]["UserId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of keys */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ApiKey"];
                };
            };
        };
    };
    post_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyRequest"];
            };
        };
        responses: {
            /** @description The key with its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedKey"];
                };
            };
        };
    };
    get_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    delete_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_keys_id_rotate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key with its new secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuedKey"];
                };
            };
        };
    };
    post_lint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Code"];
            };
        };
        responses: {
            /** @description What they say */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Linted"];
                };
            };
        };
    };
    get_notebooks: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
                /** @description Only those of this project. */
                project_id?: components["schemas"]["ProjectId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of notebooks, the oldest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_NotebookSummary"];
                };
            };
        };
    };
    post_notebooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateNotebook"];
            };
        };
        responses: {
            /** @description It was there already, and is open */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
            /** @description It is made */
            201: {
                headers: {
                    /** @description Its revision */
                    ETag?: string;
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id: {
        parameters: {
            query?: {
                /** @description A name of the reader's choice; with it cells say whether they are updates. */
                reader?: string;
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notebook */
            200: {
                headers: {
                    /** @description Its revision */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    delete_notebooks_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag it must still have */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_notebooks_id: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag it must still have */
                "If-Match"?: string | null;
            };
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeNotebook"];
            };
        };
        responses: {
            /** @description The notebook as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id_cells: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of cells in their order */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CellView"];
                };
            };
        };
    };
    post_notebooks_id_cells: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AddCell"];
            };
        };
        responses: {
            /** @description It is added */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellView"];
                };
            };
        };
    };
    post_notebooks_id_cells_cell_id_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell */
                cell_id: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notebook as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id_cells_cell: {
        parameters: {
            query?: {
                /** @description A name of the reader's choice; with it cells say whether they are updates. */
                reader?: string;
            };
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cell */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellView"];
                };
            };
        };
    };
    delete_notebooks_id_cells_cell: {
        parameters: {
            query: {
                /** @description The revision of the cell that the writer knows. */
                revision: number;
            };
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_notebooks_id_cells_cell: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeCell"];
            };
        };
        responses: {
            /** @description The cell as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellView"];
                };
            };
        };
    };
    post_notebooks_id_cells_cell_merge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KnownRevision"];
            };
        };
        responses: {
            /** @description The cell as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellView"];
                };
            };
        };
    };
    post_notebooks_id_cells_cell_move: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MoveCell"];
            };
        };
        responses: {
            /** @description The cell as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CellView"];
                };
            };
        };
    };
    post_notebooks_id_cells_cell_split: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The cell */
                cell: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SplitCell"];
            };
        };
        responses: {
            /** @description Both parts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SplitAnswer"];
                };
            };
        };
    };
    post_notebooks_id_clear_outputs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClearOutputs"];
            };
        };
        responses: {
            /** @description The notebook as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    post_notebooks_id_comm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CommRequest"];
            };
        };
        responses: {
            /** @description It is queued */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookExecution"];
                };
            };
        };
    };
    get_notebooks_id_context: {
        parameters: {
            query?: {
                /** @description About how many tokens it may have. */
                budget_tokens?: number;
                /** @description A name of the reader's choice; with it cells say whether they are updates. */
                reader?: string;
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What fits into the budget */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Context"];
                };
            };
        };
    };
    post_notebooks_id_execute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecuteNotebook"];
            };
        };
        responses: {
            /** @description It is queued */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookExecution"];
                };
            };
        };
    };
    get_notebooks_id_export: {
        parameters: {
            query: {
                format: "ipynb" | "py" | "md" | "html" | "pdf";
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    post_notebooks_id_fork: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForkNotebook"];
            };
        };
        responses: {
            /** @description The copy */
            201: {
                headers: {
                    /** @description Its revision */
                    ETag?: string;
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id_outputs_hash: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The output's hash */
                hash: string;
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The output's bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    post_notebooks_id_redo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notebook as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id_status: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its status */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookState"];
                };
            };
        };
    };
    post_notebooks_id_undo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The notebook as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_notebooks_id_updates: {
        parameters: {
            query: {
                /** @description A name of the reader's choice, under which it acknowledges. */
                reader: string;
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cells that changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Updates"];
                };
            };
        };
    };
    post_notebooks_id_updates_ack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Acknowledge"];
            };
        };
        responses: {
            /** @description It is remembered */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Acknowledged"];
                };
            };
        };
    };
    post_notebooks_import: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportNotebook"];
                "multipart/form-data": components["schemas"]["ImportForm"];
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NotebookAnswer"];
                };
            };
        };
    };
    get_projects: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of projects */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Project"];
                };
            };
        };
    };
    post_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description The project's address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    get_projects_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The project */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    delete_projects_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_projects_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectChange"];
            };
        };
        responses: {
            /** @description The project as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
        };
    };
    get_projects_id_files: {
        parameters: {
            query?: {
                /** @description Of a folder, the `next` of the page before. */
                after?: string;
                /** @description The file to be shown in place, if its type is safe, and not as an attachment. */
                inline?: boolean;
                /** @description Of a folder, how many entries to return, from 1 to 1000. */
                limit?: number;
                /** @description A page of what is in the folder, and a refusal when it is a file. A folder is listed without this, too. */
                list?: boolean;
                /** @description Of a folder, also what is in its folders. */
                recursive?: boolean;
                /** @description The folder as a zip archive. */
                zip?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page or the archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Entry"];
                    "application/zip": unknown;
                };
            };
        };
    };
    post_projects_id_files: {
        parameters: {
            query?: {
                /** @description Files may take the place of others. */
                replace?: boolean;
                /** @description A zip archive that is unpacked into the folder; what it has at its top must be new there. */
                unpack?: boolean;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/zip": unknown;
                "multipart/form-data": components["schemas"]["FileForm"];
            };
        };
        responses: {
            /** @description They are there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Added"];
                };
            };
        };
    };
    get_projects_id_files_path: {
        parameters: {
            query?: {
                /** @description Of a folder, the `next` of the page before. */
                after?: string;
                /** @description The file to be shown in place, if its type is safe, and not as an attachment. */
                inline?: boolean;
                /** @description Of a folder, how many entries to return, from 1 to 1000. */
                limit?: number;
                /** @description A page of what is in the folder, and a refusal when it is a file. A folder is listed without this, too. */
                list?: boolean;
                /** @description Of a folder, also what is in its folders. */
                recursive?: boolean;
                /** @description The folder as a zip archive. */
                zip?: boolean;
            };
            header?: never;
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, the page or the archive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Entry"];
                    "application/octet-stream": unknown;
                    "application/zip": unknown;
                };
            };
            /** @description The range of the file */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    put_projects_id_files_path: {
        parameters: {
            query?: {
                /** @description A folder, and no file. */
                directory?: boolean;
            };
            header?: {
                /** @description The ETag that the file must have, or * */
                "If-Match"?: string | null;
                /** @description * when there must be no file */
                "If-None-Match"?: string | null;
            };
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description It was there, and is as sent now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Entry"];
                };
            };
            /** @description It is made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Entry"];
                };
            };
        };
    };
    post_projects_id_files_path: {
        parameters: {
            query?: {
                /** @description Files may take the place of others. */
                replace?: boolean;
                /** @description A zip archive that is unpacked into the folder; what it has at its top must be new there. */
                unpack?: boolean;
            };
            header?: never;
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/zip": unknown;
                "multipart/form-data": components["schemas"]["FileForm"];
            };
        };
        responses: {
            /** @description They are there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Added"];
                };
            };
        };
    };
    delete_projects_id_files_path: {
        parameters: {
            query?: {
                /** @description A folder with all that is in it. */
                recursive?: boolean;
            };
            header?: {
                /** @description The ETag that the file must have */
                "If-Match"?: string | null;
            };
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_projects_id_files_path: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Move"];
            };
        };
        responses: {
            /** @description It is there now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Entry"];
                };
            };
        };
    };
    get_projects_id_secrets: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SecretView"];
                };
            };
        };
    };
    put_projects_id_secrets_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SecretBody"];
            };
        };
        responses: {
            /** @description It is there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description It was there, and has this value now */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    delete_projects_id_secrets_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_quarantine: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Quarantined"];
                };
            };
        };
    };
    delete_quarantine_code_hash: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description BLAKE3 of the code */
                code_hash: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It may be run again */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_quotas: {
        parameters: {
            query?: {
                /** @description Another tenant than the caller's own; for the operator. */
                tenant_id?: components["schemas"]["TenantId"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The limits */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
        };
    };
    put_quotas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuotaRequest"];
            };
        };
        responses: {
            /** @description The limits as they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
        };
    };
    patch_quotas: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuotaChange"];
            };
        };
        responses: {
            /** @description The limits as they are now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limits"];
                };
            };
        };
    };
    get_sessions: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SessionView"];
                };
            };
        };
    };
    post_sessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSession"];
            };
        };
        responses: {
            /** @description It is there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    get_sessions_session_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    delete_sessions_session_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It has ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_sessions_session_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeSession"];
            };
        };
        responses: {
            /** @description It is changed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    get_sessions_session_id_channel: {
        parameters: {
            query?: {
                /**
                 * @description The number of the last event seen; only new ones when nothing is given. When there is no such event
                 *     yet, the first that comes is a `gap` with the number of the last there is.
                 */
                after_seq?: number;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_sessions_session_id_checkpoints: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CheckpointView"];
                };
            };
        };
    };
    post_sessions_session_id_checkpoints: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckpoint"];
            };
        };
        responses: {
            /** @description It is stored */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointView"];
                };
            };
        };
    };
    get_sessions_session_id_checkpoints_checkpoint_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                checkpoint_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointView"];
                };
            };
        };
    };
    patch_sessions_session_id_checkpoints_checkpoint_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                checkpoint_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LabelCheckpoint"];
            };
        };
        responses: {
            /** @description It as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointView"];
                };
            };
        };
    };
    get_sessions_session_id_checkpoints_checkpoint_id_diff_other_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                checkpoint_id: string;
                other_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is different in the second */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Difference"];
                };
            };
        };
    };
    post_sessions_session_id_checkpoints_checkpoint_id_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                checkpoint_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The variables are those of the checkpoint */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_sessions_session_id_complete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeAt"];
            };
        };
        responses: {
            /** @description Jupyter's `complete_reply` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    post_sessions_session_id_execute: {
        parameters: {
            query?: never;
            header?: {
                /** @description `respond-async` */
                Prefer?: string | null;
            };
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Execute"];
            };
        };
        responses: {
            /** @description It has ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionView"];
                    "application/x-ndjson": string;
                    "text/event-stream": string;
                };
            };
            /** @description It is queued */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Taken"];
                };
            };
        };
    };
    get_sessions_session_id_executions: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ExecutionView"];
                };
            };
        };
    };
    get_sessions_session_id_executions_execution_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                execution_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExecutionView"];
                };
            };
        };
    };
    post_sessions_session_id_executions_execution_id_undo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                execution_id: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The variables are those from before the execution */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_sessions_session_id_export: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExportBody"];
            };
        };
        responses: {
            /** @description They are there */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExportedFiles"];
                };
            };
        };
    };
    get_sessions_session_id_exports_export_id_number: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                export_id: string;
                number: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": number[];
                    "application/octet-stream": unknown;
                    "application/pdf": number[];
                    "application/vnd.apache.arrow.file": number[];
                    "application/vnd.apache.parquet": number[];
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": number[];
                    "application/x-npy": number[];
                    "image/png": number[];
                    "image/svg+xml": number[];
                    "text/csv": number[];
                };
            };
        };
    };
    post_sessions_session_id_fork: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForkSession"];
            };
        };
        responses: {
            /** @description The fork is there, or all that were asked for */
            201: {
                headers: {
                    /** @description The address of the fork, of one */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forked"];
                };
            };
        };
    };
    post_sessions_session_id_hibernate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    post_sessions_session_id_input: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Input"];
            };
        };
        responses: {
            /** @description The cell has it */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    post_sessions_session_id_inspect: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeAt"];
            };
        };
        responses: {
            /** @description Jupyter's `inspect_reply` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    post_sessions_session_id_interrupt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    post_sessions_session_id_is_complete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Code"];
            };
        };
        responses: {
            /** @description Jupyter's `is_complete_reply` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
        };
    };
    post_sessions_session_id_restart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    get_sessions_session_id_tables_name: {
        parameters: {
            query?: {
                /** @description JSON: `[{"column": "a", "op": ">", "value": 1}]`. */
                filter?: string;
                limit?: number;
                offset?: number;
                /** @description Columns separated by commas; a minus in front sorts downwards. */
                sort?: string;
            };
            header?: never;
            path: {
                name: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TableView"];
                };
            };
        };
    };
    get_sessions_session_id_variables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Variables"];
                };
            };
        };
    };
    get_sessions_session_id_variables_name: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VariableView"];
                };
            };
        };
    };
    post_sessions_session_id_wake: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                session_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
        };
    };
    get_system: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An account of the service */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
        };
    };
    get_templates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"][];
                };
            };
        };
    };
    get_templates_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Template"];
                };
            };
        };
    };
    post_templates_id_render: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenderBody"];
            };
        };
        responses: {
            /** @description The code */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rendered"];
                };
            };
        };
    };
    get_tenants: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tenants */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Tenant"];
                };
            };
        };
    };
    post_tenants: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantRequest"];
            };
        };
        responses: {
            /** @description The tenant, its admin and the admin's key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTenant"];
                };
            };
        };
    };
    get_tenants_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tenant */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
        };
    };
    patch_tenants_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantPatch"];
            };
        };
        responses: {
            /** @description The tenant as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
        };
    };
    post_uploads: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1.0.0 */
                "Tus-Resumable"?: string | null;
                /** @description Bytes of the whole file, instead of a body */
                "Upload-Length"?: number | null;
                /** @description Pairs of a key and a Base64 value */
                "Upload-Metadata"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UploadRequest"];
            };
        };
        responses: {
            /** @description It is made */
            201: {
                headers: {
                    /** @description The upload's address */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    get_uploads_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload */
            200: {
                headers: {
                    /** @description Bytes that are here to stay */
                    "Upload-Offset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    delete_uploads_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    head_uploads_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The upload */
            200: {
                headers: {
                    /** @description Bytes that are here to stay */
                    "Upload-Offset"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
        };
    };
    patch_uploads_id: {
        parameters: {
            query?: never;
            header: {
                /** @description Where the bytes begin, which is where the upload ends */
                "Upload-Offset": number;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": unknown;
            };
        };
        responses: {
            /** @description They are here to stay */
            204: {
                headers: {
                    /** @description Bytes that are here to stay */
                    "Upload-Offset"?: number;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_usage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is used */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Usage"];
                };
            };
        };
    };
    get_users: {
        parameters: {
            query?: {
                /** @description The `next` of the page before; nothing for the first. */
                after?: string;
                /** @description How many to return, from 1 to 1000. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_User"];
                };
            };
        };
    };
    post_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserRequest"];
            };
        };
        responses: {
            /** @description The user */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    get_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    delete_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    patch_users_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserPatch"];
            };
        };
        responses: {
            /** @description The user as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    get_users_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
        };
    };
    get_ws_events: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_ws_notebooks_id: {
        parameters: {
            query?: {
                /**
                 * @description The number of the last event seen; only new ones when nothing is given. When there is no such event
                 *     yet, the first that comes is a `gap` with the number of the last there is.
                 */
                after_seq?: number;
            };
            header?: never;
            path: {
                /** @description The notebook */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    get_files_path: {
        parameters: {
            query?: never;
            header?: {
                /** @description The project; by default the tenant's own */
                "X-Project-Id"?: string | null;
            };
            path: {
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description The range of the file */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It lives */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    get_kernelspecs_name_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The file */
                file: string;
                /** @description The image */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/svg+xml": string;
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    get_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It takes work */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
}
