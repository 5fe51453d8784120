/** Files and pictures cannot be sent: who drops or pastes one is told so, and the browser does not open it over the chat. */

/** Call `refused()` for each attempt. */
export function refuseFiles(refused) {
  for (const kind of ["dragover", "drop", "paste"]) {
    document.addEventListener(kind, (event) => {
      const { types = [] } = event.dataTransfer ?? event.clipboardData ?? {};
      if (!types.includes("Files") || (kind === "paste" && types.includes("text/plain"))) return;
      event.preventDefault();
      if (kind !== "dragover") refused();
    });
  }
}
