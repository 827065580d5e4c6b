import './spinner.css';

/** Only in buttons: what is loaded elsewhere shows its own shape (`Skeleton`). */
export const Spinner = () => <span className="ui-spinner" aria-hidden />;
