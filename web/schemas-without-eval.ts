import { config } from 'zod';

// The content security policy allows no code made at run time; without this every schema tries to, and is
// reported. Schemas ask when they are made: this module is imported before the first of them.
config({ jitless: true });
