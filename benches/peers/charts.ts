// The parts of the chart library that the report needs.

export { BarChart, type BarSeriesOption } from "echarts/charts";
export {
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
} from "echarts/components";
export { init, use } from "echarts/core";
export { SVGRenderer } from "echarts/renderers";
